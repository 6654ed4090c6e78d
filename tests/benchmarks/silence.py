"""Two hundred jobs of a Smile that never calls back: each is settled by asking."""

from pathlib import Path

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.jobs.silence import settle_in_silence

JOBS = 200


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "sandbox", "web", "worker") as deployment:
        settled = settle_in_silence(deployment, JOBS, seconds=120)
    details = (
        f"codes {dict(settled.codes)}, callbacks {settled.callbacks}, at most {settled.most_checks} checks of one job"
    )
    return [Figure("jobs settled without a callback", settled.codes.total(), f"of {JOBS}", JOBS, details=details)]
