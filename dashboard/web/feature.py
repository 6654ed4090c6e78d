"""What HTTP itself answers: a supervisor's questions, and reports of browsers; and how many connections are open."""

from dashboard.feature import Feature
from dashboard.health_checks import Group, HealthCheck
from dashboard.web import form_keys, health, health_checks, policy_reports, tries

FEATURE = Feature(
    name="web",
    position=90,
    models=(form_keys, tries),
    views=(health, policy_reports),
    health_checks=(HealthCheck(Group.MACHINE, "Connections", health_checks.connections),),
)
