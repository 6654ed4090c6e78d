"""Ten thousand attacks, ten thousand honest callbacks and fifty thousand malformed requests at the door of one app."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, given, settings

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import make_settings
from tests.factories.attacks import ACTIVE_KEYS
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.malformed import Request, malformed_requests
from tests.unit.callbacks.suites import attack, make_jobs, welcome

ATTACKS = HONEST = 10_000
MALFORMED = 50_000
GENUINE_SIZE = 1_500_000  # bytes: with an authority's photo inside


def measure(folder: Path) -> list[Figure]:
    with target(folder) as app:
        tally = attack(app, folder / "smile", ATTACKS)
        verdicts = welcome(app, HONEST)
        statuses = send_malformed(app)
        slowest = send_big(app)
    rightly = sum(tally.named_rightly.values()) / ATTACKS
    alarms = HONEST - verdicts["valid"]
    failures = sum(count for status, count in statuses.items() if status >= 500)
    return [
        Figure("attacks that changed an outcome", tally.outcomes_changed, f"of {ATTACKS}", 0, is_at_least=False),
        Figure("ids bound wrongly", tally.bound_wrongly, f"by {ATTACKS} attacks", 0, is_at_least=False),
        Figure("attacks named rightly", rightly, "of all", 0.99, details=tally.line()),
        Figure("false alarms", alarms, f"of {HONEST} honest ones", 0, is_at_least=False, details=f"{dict(verdicts)}"),
        Figure("answers of 5xx", failures, f"of {MALFORMED} malformed requests", 0, is_at_least=False,
               details=f"{dict(sorted(statuses.items()))}"),
        Figure("slowest of 20 genuine callbacks of 1.5 MB", slowest, "s", 1, is_at_least=False),
    ]  # fmt: skip


@contextmanager
def target(folder: Path) -> Iterator[Flask]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    app = create_app(make_settings(folder, database_url=url, smile_api_keys=",".join(ACTIVE_KEYS)))
    database: Database = context_of(app).database
    migrations.upgrade(database)
    # How many of one address are looked at is another defence, which would hide what is measured here.
    context_of(app).throttle.hit = lambda *_: True
    make_jobs(database, 200)
    # The suites look up the newest callback after each one; the product never does.
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX newest_of_the_suites ON callback (last_seen_at)")
    yield app
    database.dispose()


def send_malformed(app: Flask, count: int = MALFORMED) -> Counter[int]:
    client = app.test_client()
    statuses: Counter[int] = Counter()

    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(malformed_requests())
    def send(request: Request) -> None:
        statuses[client.open(method="POST", **request).status_code] += 1

    send()
    return statuses


def send_big(app: Flask) -> float:
    """The slowest answer in seconds; all of them have to be 200."""
    taken = []
    for _ in range(20):
        body = encode(make_payload(Photo="A" * GENUINE_SIZE))
        started = time.perf_counter()
        assert deliver(app.test_client(), body).status_code == 200
        taken.append(time.perf_counter() - started)
    return max(taken)
