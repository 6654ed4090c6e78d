"""Registers the audit trail."""

from dashboard.audit import health_checks, models, reveals, tasks, views
from dashboard.audit.wording import OWN_WORDS
from dashboard.feature import Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.permissions import OWNERS, Permission

FEATURE = Feature(
    name="audit",
    position=50,
    models=(models,),
    views=(views, reveals),
    navigation=(NavigationEntry("Audit", "audit.index", "audit.read"),),
    permissions=(
        Permission("audit.read", OWNERS, "Read the audit trail"),
        Permission("audit.export", OWNERS, "Export the audit trail"),
    ),
    audit_words=(OWN_WORDS,),
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.PEOPLE, "Audit trail", health_checks.audit_trail),),
)
