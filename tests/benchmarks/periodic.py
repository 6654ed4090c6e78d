"""Four workers killed with -9 through sixty periods of periodic work: one run in each, and never two at a time."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from sqlalchemy import text

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY, POSTGRES_URL, make_settings
from tests.integration.worker.kills import WORKERS, kill_through

PERIODS = 60
LEASES = (1.5, 3.0)


def measure(folder: Path) -> list[Figure]:
    if not POSTGRES_URL:
        print("       periodic work was not tried: DASHBOARD_TEST_POSTGRES_URL is not set")
        return []
    with on_postgres() as database:
        url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        queue_url = f"sqlite:///{folder / 'queue.db'}"
        settings = make_settings(folder, database_url=url, queue_url=queue_url, sweep_every=0.03)
        ledger = kill_through(database, settings, folder, PERIODS, LEASES)
    kills, inside, runs = len(ledger.kills), len(ledger.killed_inside), len(ledger.runs)
    died = f"{runs} runs, {kills} kills of {WORKERS} workers, {inside} of them within a run"
    repeated = f"{len(ledger.repeated)} periods had a second run after a kill"
    missed = f"{len(ledger.missed)} periods passed while a dead worker's lease lasted"
    failed = ledger.log.count("_failed") + sum(code not in (0, -signal.SIGTERM) for code in ledger.exit_codes)
    return [
        Figure("runs of periodic work that overlap", len(ledger.overlaps), f"of {runs}", 0,
               is_at_least=False, details=died),
        Figure("periods with a second run though nobody died", len(ledger.repeated_without_a_death), f"of {PERIODS}", 0,
               is_at_least=False, details=repeated),
        Figure("periods missed though nobody died", len(ledger.missed_without_a_death), f"of {PERIODS}", 0,
               is_at_least=False, details=missed),
        Figure("runs that living workers left unfinished, and errors", len(ledger.unfinished) + failed, f"of {runs}", 0,
               is_at_least=False),
        Figure("kills that fell within a run", inside, f"of {kills}", 10),
    ]  # fmt: skip


@contextmanager
def on_postgres() -> Iterator[Database]:
    """A schema that is made for it."""
    keyring, schema = KeyRing.from_base64([ENCRYPTION_KEY]), f"desk_bench_{os.getpid()}_{token_hex(4)}"
    admin = Database(POSTGRES_URL, keyring)
    with admin.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = admin.engine.url.update_query_dict({"options": f"-csearch_path={schema}"})
    database = admin.sibling(url.render_as_string(hide_password=False))
    migrations.upgrade(database)
    try:
        yield database
    finally:
        database.dispose()
        with admin.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()
