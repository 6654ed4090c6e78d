"""A flood of valid callbacks for a handful of jobs that wait: most are sent again and again, some differ each time."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle

from sqlmodel import col, func, select

from dashboard.callbacks.models import Callback
from dashboard.jobs.following.waking import SECONDS_BETWEEN_CHECKS
from tests.integration.callbacks.senders import Author, Sender, fingerprint
from tests.integration.conftest import Deployment
from tests.integration.jobs.test_every_product import BVN, SELFIE

SENDERS = 8
#: Of so many callbacks for a job one differs from all others; the rest are repetitions of a few.
ONE_DIFFERS_OF = 5
REPEATED_BODIES = 2
#: Nothing but a callback lets the worker ask, and Smile has no result yet.
ONLY_CALLBACKS_ASK = {"DASHBOARD_CHECK_WAITS": "3600", "DASHBOARD_CHECK_EVERY_AFTER": "3600"}
NO_RESULT_YET = ("--set", "result_delay_seconds=[3600, 3600]")


@dataclass
class Flood:
    statuses: Counter[int]
    distinct: int  # bodies
    rows: int
    times_seen: int  # of all rows
    seconds: float  # from the first callback to the last look
    asked: dict[str, list[float]] = field(default_factory=dict)  # for each job, when Smile was asked

    @property
    def most_asked(self) -> int:
        return max(map(len, self.asked.values()))

    @property
    def most_allowed(self) -> int:
        """The first at once, each further one ten seconds after the one before."""
        return 1 + int(self.seconds // SECONDS_BETWEEN_CHECKS)


def flood(deployment: Deployment, count: int, jobs: int, linger_seconds: float = 0) -> Flood:
    """`deployment` has a web and a worker, started with ONLY_CALLBACKS_ASK, and no simulator yet."""
    deployment.start_sandbox(*NO_RESULT_YET)
    deployment.wait_until_up("sandbox")
    job_ids = waiting_jobs(deployment, jobs)
    bodies = list(make_bodies(job_ids, count))

    def deliver(mine: list[bytes]) -> Counter[int]:
        sender = Sender(deployment.web_url)
        try:
            return Counter(sender.send(body).status for body in mine)
        finally:
            sender.close()

    started = time.time()
    with ThreadPoolExecutor(SENDERS) as pool:
        statuses = sum(pool.map(deliver, [bodies[number::SENDERS] for number in range(SENDERS)]), Counter[int]())
    wait_until(lambda: not unhandled(deployment), "all callbacks are handled")
    wait_until(lambda: all(asked_of(deployment, job_ids).values()), "Smile was asked about each job")
    time.sleep(linger_seconds)
    asked = asked_of(deployment, job_ids)
    seconds = time.time() - started
    with deployment.database.reading() as session:
        rows, times_seen = session.exec(select(func.count(), func.sum(Callback.times_seen)).select_from(Callback)).one()
    return Flood(statuses, len(set(map(fingerprint, bodies))), rows, times_seen, seconds, asked)


def waiting_jobs(deployment: Deployment, count: int) -> list[str]:
    staff = deployment.staff()
    created = [staff.create_job({"product": "biometric_kyc", **BVN}, SELFIE) for _ in range(count)]
    return [str(staff.wait_for(job, lambda job: job["state"] == "waiting")["job_id"]) for job in created]


def make_bodies(job_ids: list[str], count: int) -> Iterator[bytes]:
    author = Author()
    repeated = {job_id: cycle([author.write(job_id) for _ in range(REPEATED_BODIES)]) for job_id in job_ids}
    for number in range(count):
        job_id = job_ids[number % len(job_ids)]
        differs = number // len(job_ids) % ONE_DIFFERS_OF == 0
        yield author.write(job_id) if differs else next(repeated[job_id])


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.2)


def unhandled(deployment: Deployment) -> int:
    with deployment.database.reading() as session:
        return session.exec(select(func.count()).where(col(Callback.handled_at).is_(None))).one()


def asked_of(deployment: Deployment, job_ids: list[str]) -> dict[str, list[float]]:
    requests = deployment.sandbox("GET", "/_sandbox/requests.json")
    assert requests[0]["number"] == 1, "the simulator has forgotten its oldest requests"
    asked: dict[str, list[float]] = {job_id: [] for job_id in job_ids}
    for request in requests:
        if request["path"].endswith("/job_status"):
            asked[request["summary"]["job_id"]].append(datetime.fromisoformat(request["at"]).timestamp())
    return asked
