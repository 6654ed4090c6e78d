"""Callbacks verified, durably stored and acknowledged per second, beside "hello" and two other receivers."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count, islice, repeat
from pathlib import Path
from statistics import median

from sqlmodel import func, select

from dashboard import migrations
from dashboard.callbacks.models import Callback
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.smile.constants import SmileApi
from tests.benchmarks.load import Load, drive, get_request, post_request
from tests.benchmarks.report import Figure
from tests.benchmarks.serving import serve
from tests.conftest import ENCRYPTION_KEY
from tests.factories.callbacks import (
    API_KEY,
    DOOR,
    encode,
    make_job,
    make_payload,
    make_v3_headers,
    make_v3_payload,
    sign,
    timestamp_at,
)
from tests.integration.conftest import start_deployment

ROUNDS, SECONDS = 30, 1.0  # short ones in turn, since how fast the machine is changes from second to second
MOST_PER_SECOND = 6000  # more than any of the receivers takes; were they used up, a round would end sooner
CLIENTS, MANY_CLIENTS = 16, 64
Signed = tuple[bytes, dict[str, str]]  # a body and the headers that sign it, if any
JOBS = 500
FILLING = "x" * 1400  # the body is then as large as one of Smile's without pictures


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    database = Database(url, keyring)
    migrations.upgrade(database)
    for number in range(JOBS):
        make_job(database, f"job-{number}")
        make_job(database, f"v3-{number}", api=SmileApi.V3, smile_job_id=v3_id(number))
    with ExitStack() as stack:
        deployment = start_deployment(folder, url, keyring, ("web",), DASHBOARD_SMILE_API_KEYS=API_KEY)
        stack.callback(deployment.stop)
        hello = stack.enter_context(serve("hello", folder))
        bare = stack.enter_context(serve("bare_group_commit", folder))
        orm = stack.enter_context(serve("orm_insert", folder))
        door = deployment.web_url + DOOR
        bodies, webhooks = signed_bodies(), signed_webhooks()
        acknowledged = 0
        rounds = []
        for _ in range(ROUNDS):
            base = drive(hello, repeat(get_request(hello + "/")), 200, clients=CLIENTS, seconds=SECONDS).per_second
            ours = post(door, bodies, CLIENTS)
            of_v3 = post(door, webhooks, CLIENTS)
            theirs = post(bare + DOOR, bodies, CLIENTS).per_second
            acknowledged += len(ours.latencies) + len(of_v3.latencies)
            rounds.append((ours.per_second, base, theirs, of_v3.per_second))
        many = post(door, bodies, MANY_CLIENTS, seconds=3)
        acknowledged += len(many.latencies)
        by_orm = post(orm + DOOR, bodies, CLIENTS).per_second
        with database.reading() as session:
            stored = session.exec(select(func.count()).select_from(Callback)).one()
    ours_median, base_median, bare_median, v3_median = (median(column) for column in zip(*rounds, strict=True))
    speeds = f"{ours_median:.0f}/s, hello {base_median:.0f}/s, bare {bare_median:.0f}/s, an ORM insert {by_orm:.0f}/s"
    of_both = f"{v3_median:.0f}/s of v3, {ours_median:.0f}/s of v1"
    return [
        Figure("acknowledged callbacks, of hello", median(o / h for o, h, *_ in rounds), "x", 0.20, details=speeds),
        Figure("acknowledged callbacks, of a bare group commit", median(o / b for o, _, b, _ in rounds), "x", 0.80),
        Figure("webhooks of v3, of callbacks of v1", median(v / o for o, *_, v in rounds), "x", 0.95, details=of_both),
        Figure(f"p99 at {MANY_CLIENTS} clients", many.p99, "ms", 150, is_at_least=False),
        Figure("acknowledged and not stored", acknowledged - stored, f"of {acknowledged}", 0, is_at_least=False),
    ]


def post(url: str, signed: Iterator[Signed], clients: int, seconds: float = SECONDS) -> Load:
    """All requests are made before the clock starts: what signing costs the load is not what the receiver takes."""
    requests = [post_request(url, *each) for each in islice(signed, int(MOST_PER_SECOND * seconds))]
    return drive(url, iter(requests), 200, clients=clients, seconds=seconds)


def signed_bodies() -> Iterator[Signed]:
    for number, timestamp in enumerate(timestamps(timedelta(minutes=1))):
        job_id = f"job-{number % JOBS}"
        yield encode(make_payload(timestamp=timestamp, signature=sign(timestamp), job_id=job_id, Filling=FILLING)), {}


def signed_webhooks() -> Iterator[Signed]:
    """Of v3, signed in their headers; as large as those of v1."""
    filling = FILLING[len(encode(make_v3_payload())) - len(encode(make_payload())) :]
    for number, timestamp in enumerate(timestamps(timedelta(minutes=4))):
        job_id = v3_id(number % JOBS)
        headers = make_v3_headers(timestamp, **{"Job-ID": job_id, "User-ID": "user-1"})
        yield encode(make_v3_payload(job_id=job_id, Filling=filling)), headers


def timestamps(before: timedelta) -> Iterator[str]:
    """Each a millisecond after the one before, from this long ago: all of them are fresh while the benchmark runs."""
    moment = datetime.now(UTC) - before
    for number in count(1):
        yield timestamp_at(moment + timedelta(milliseconds=number))


def v3_id(number: int) -> str:
    return f"job_{number:026d}"
