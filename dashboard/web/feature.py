"""Registers the web layer: health probes, policy reports, and the check of connections."""

from dashboard.feature import Feature
from dashboard.health_checks import Group, HealthCheck
from dashboard.web import health_checks, policy_reports
from dashboard.web.security import form_keys, tries
from dashboard.web.serving import health

FEATURE = Feature(
    name="web",
    position=90,
    models=(form_keys, tries),
    views=(health, policy_reports),
    health_checks=(HealthCheck(Group.MACHINE, "Connections", health_checks.connections),),
)
