"""Ten thousand valid callbacks for five waiting jobs: what Smile is asked and what is stored stay small.

Then a flood of text that is no JSON: each is counted, few rows are kept, and noting them costs little.
"""

import time
from itertools import pairwise, repeat
from pathlib import Path
from statistics import median

from sqlmodel import func, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.storing import MOST_OF_NETWORK
from dashboard.jobs.following.waking import SECONDS_BETWEEN_CHECKS
from tests.benchmarks.deployments import deployed
from tests.benchmarks.load import drive, get_request, post_request
from tests.benchmarks.report import Figure
from tests.factories.callbacks import DOOR
from tests.integration.callbacks.floods import ONLY_CALLBACKS_ASK, flood

COUNT = 10_000
JOBS = 5
ROUNDS, CLIENTS = 10, 16
NOT_JSON = b'{"PartnerParams": {"job_id": "job-1"}, "FullName": "' + b"x" * 1400


def measure(folder: Path) -> list[Figure]:
    return [*measure_valid(folder), *measure_refused(folder)]


def measure_refused(folder: Path) -> list[Figure]:
    """Beside the door's plainest answer, which notes nothing: that a GET is no callback."""
    own_folder = folder / "refused"
    own_folder.mkdir()
    rounds, refused = [], 0
    with deployed(own_folder, "web") as deployment:
        door = deployment.web_url + DOOR
        for _ in range(ROUNDS):
            plain = drive(door, repeat(get_request(door)), 405, clients=CLIENTS, seconds=1).per_second
            noted = drive(door, repeat(post_request(door, NOT_JSON)), 400, clients=CLIENTS, seconds=1)
            rounds.append((noted.per_second, plain))
            refused += len(noted.latencies)
        time.sleep(3)  # They are written once a second.
        with deployment.database.reading() as session:
            totals = select(func.count(), func.coalesce(func.sum(RefusedDelivery.count), 0))
            rows, counted = session.exec(totals.select_from(RefusedDelivery)).one()
    speed = f"{median(noted for noted, _ in rounds):.0f}/s, plainest {median(plain for _, plain in rounds):.0f}/s"
    return [
        Figure(
            "refused deliveries, of the plainest answer", median(n / p for n, p in rounds), "x", 0.35, details=speed
        ),
        Figure(f"rows of {refused} refused deliveries", rows, "rows", MOST_OF_NETWORK, is_at_least=False),
        Figure("refused and counted", counted, f"of {refused}", refused),
    ]


def measure_valid(folder: Path) -> list[Figure]:
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
