"""Five hundred callbacks under strace: each is synced to the disk before its 200 is written."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.callbacks.tracing import trace_callbacks

COUNT = 500


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "web") as deployment:
        synced = trace_callbacks(deployment, COUNT)
    return [Figure("callbacks synced before they were acknowledged", synced, f"of {COUNT}", COUNT)]
