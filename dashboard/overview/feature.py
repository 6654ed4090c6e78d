"""Registers the feature "overview"."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.overview import views
from dashboard.permissions import EVERY_ROLE, Permission

FEATURE = Feature(
    name="overview",
    position=5,
    views=(views,),
    navigation=(NavigationEntry("Overview", "overview.show", "overview.read", rank=-1),),
    permissions=(Permission("overview.read", EVERY_ROLE, "See the overview: what needs somebody, and how it goes"),),
)
