"""Registers the reports."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.permissions import EVERY_ROLE, Permission
from dashboard.reports import views

FEATURE = Feature(
    name="reports",
    position=35,
    views=(views,),
    navigation=(NavigationEntry("Reports", "reports.show", "reports.read"),),
    permissions=(Permission("reports.read", EVERY_ROLE, "See reports of jobs and links, which name no customer"),),
)
