"""Registers the rollups. The features whose rows they count register these themselves."""

from dashboard.feature import Feature
from dashboard.health_checks import Group, HealthCheck
from dashboard.rollups import health_checks, models, tasks

FEATURE = Feature(
    name="rollups",
    position=85,
    models=(models,),
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.DATA, "Counts of lists", health_checks.counts),),
)
