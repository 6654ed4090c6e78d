"""Registers the reports."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.permissions import EVERY_ROLE, Permission
from dashboard.reports import exact_views, models, tasks, views

FEATURE = Feature(
    name="reports",
    position=35,
    models=(models,),
    views=(views, exact_views),
    navigation=(NavigationEntry("Reports", "reports.show", "reports.read"),),
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    permissions=(Permission("reports.read", EVERY_ROLE, "See reports of jobs and links, which name no customer"),),
)
