"""Callbacks verified, durably stored and acknowledged per second on PostgreSQL, beside "hello" and an ORM insert."""

from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from statistics import median

from sqlmodel import func, select

from dashboard.callbacks.models import Callback
from tests.benchmarks.callbacks import CLIENTS, JOBS, SECONDS, post, signed_bodies
from tests.benchmarks.load import drive, get_request
from tests.benchmarks.periodic import on_postgres
from tests.benchmarks.report import Figure
from tests.benchmarks.serving import serve
from tests.conftest import POSTGRES_URL
from tests.factories.callbacks import API_KEY, DOOR, make_job
from tests.integration.conftest import start_deployment

ROUNDS = 20


def measure(folder: Path) -> list[Figure]:
    if not POSTGRES_URL:
        print("       callbacks on PostgreSQL were not tried: DASHBOARD_TEST_POSTGRES_URL is not set")
        return []
    rounds = []
    with ExitStack() as stack:
        database = stack.enter_context(on_postgres())
        for number in range(JOBS):
            make_job(database, f"job-{number}")
        url = database.engine.url
        plain_url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        deployment = start_deployment(folder, plain_url, database.keyring, ("web",), DASHBOARD_SMILE_API_KEYS=API_KEY)
        stack.callback(deployment.stop)
        hello = stack.enter_context(serve("hello", folder))
        orm_url = url.render_as_string(hide_password=False)
        orm = stack.enter_context(serve("orm_insert", folder, BENCHMARK_DATABASE_URL=orm_url))
        door, bodies, acknowledged = deployment.web_url + DOOR, signed_bodies(), 0
        for _ in range(ROUNDS):
            base = drive(hello, repeat(get_request(hello + "/")), 200, clients=CLIENTS, seconds=SECONDS).per_second
            ours = post(door, bodies, CLIENTS)
            by_orm = post(orm + DOOR, bodies, CLIENTS).per_second
            acknowledged += len(ours.latencies)
            rounds.append((ours.per_second, base, by_orm))
        with database.reading() as session:
            stored = session.exec(select(func.count()).select_from(Callback)).one()
    ours_median, base_median, orm_median = (median(column) for column in zip(*rounds, strict=True))
    speeds = f"{ours_median:.0f}/s, hello {base_median:.0f}/s, an ORM insert {orm_median:.0f}/s"
    of_hello, of_orm = median(o / h for o, h, _ in rounds), median(o / m for o, _, m in rounds)
    return [
        Figure("acknowledged callbacks on PostgreSQL, of hello", of_hello, "x", 0.30, details=speeds),
        Figure("acknowledged callbacks on PostgreSQL, of an ORM insert", of_orm, "x", 1.8),
        Figure("acknowledged and not stored", acknowledged - stored, f"of {acknowledged}", 0, is_at_least=False),
    ]
