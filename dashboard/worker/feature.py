"""Registers the worker: its own periodic work and health check."""

from dashboard.feature import Feature
from dashboard.health_checks import Group, HealthCheck
from dashboard.worker import health_checks, models, tasks

FEATURE = Feature(
    name="worker",
    position=80,
    models=(models,),
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.DATA, "Worker", health_checks.worker, is_on_overview=True),),
)
