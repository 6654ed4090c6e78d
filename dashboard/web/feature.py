"""What HTTP itself answers: a supervisor's questions, and reports of browsers; and how many connections are open."""

from dashboard.feature import Feature
from dashboard.health_checks import Group, HealthCheck
from dashboard.web import health, health_checks, policy_reports

FEATURE = Feature(
    name="web",
    position=90,
    views=(health, policy_reports),
    health_checks=(HealthCheck(Group.MACHINE, "Connections", health_checks.connections),),
)
