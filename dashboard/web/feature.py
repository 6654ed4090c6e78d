"""What HTTP itself answers: a supervisor's questions, and reports of browsers."""

from dashboard.feature import Feature
from dashboard.web import form_keys, health, policy_reports, tries

FEATURE = Feature(name="web", position=90, models=(form_keys, tries), views=(health, policy_reports))
