"""Ten thousand valid callbacks for five waiting jobs: what Smile is asked and what is stored stay small."""

from itertools import pairwise
from pathlib import Path

from dashboard.jobs.following import SECONDS_BETWEEN_CHECKS
from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.integration.callbacks.floods import ONLY_CALLBACKS_ASK, flood

COUNT = 10_000
JOBS = 5


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "web", "worker", **ONLY_CALLBACKS_ASK) as deployment:
        seen = flood(deployment, COUNT, JOBS, linger_seconds=SECONDS_BETWEEN_CHECKS)
    gaps = [later - earlier for times in seen.asked.values() for earlier, later in pairwise(times)]
    details = f"{[len(times) for times in seen.asked.values()]} in {seen.seconds:.0f} s"
    details += f", closest {min(gaps, default=0):.1f} s apart"
    stored = f"{seen.distinct} distinct bodies, seen {seen.times_seen} times, statuses {dict(seen.statuses)}"
    return [
        Figure("job_status calls of the job asked about most", seen.most_asked, "calls", seen.most_allowed,
               is_at_least=False, details=details),
        Figure(f"rows of {COUNT} callbacks", seen.rows, "rows", seen.distinct, is_at_least=False, details=stored),
        Figure("acknowledged and counted", min(seen.statuses[200], seen.times_seen), f"of {COUNT}", COUNT),
    ]  # fmt: skip
