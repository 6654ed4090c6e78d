"""How long background work on SQLite holds the write lock at once, and what backup and compact take."""

import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlmodel import Session, col, select

from dashboard.app import create_app
from dashboard.audit.checking import ask_for_check
from dashboard.audit.tasks import check_chain
from dashboard.backups.compacting import compact_database
from dashboard.backups.making import make_backup
from dashboard.context import Context, context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job
from dashboard.privacy.erasing import erase_person
from dashboard.privacy.finding import find_person
from dashboard.privacy.retention import KINDS, write_rules
from dashboard.privacy.rotation import rotate_keys
from dashboard.privacy.tasks import enforce_retention
from dashboard.rollups.tasks import fold
from dashboard.rollups.working import recount
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import seeded_sqlite
from tests.conftest import ENCRYPTION_KEY, make_settings

JOBS, PERSONS = 2_000, 10
KEPT_FOR_DAYS = 400
NEW_KEY = b64encode(bytes(32)).decode()
MOST_MILLISECONDS = 50.0
#: Of a seeded database. Images come on top.
MOST_SECONDS_PER_1000_JOBS, MOST_MB_PER_1000_JOBS = 5.0, 20.0


def measure(folder: Path) -> list[Figure]:
    url = seeded_sqlite(folder, JOBS)
    keys = KeyRing.from_base64([NEW_KEY, ENCRYPTION_KEY])
    app = create_app(make_settings(folder, database_url=url), database=Database(url, keys))
    parts = context_of(app)
    with app.app_context():
        figures = [*backing_up(parts, folder), *working(parts), *compacting(parts)]
    parts.database.dispose()
    return figures


def backing_up(parts: Context, folder: Path) -> list[Figure]:
    made = make_backup(parts.database, parts.settings, folder / "desk.backup", utc_now())
    return per_1000_jobs("backup", made.seconds, made.size, f"{made.rows:,} rows")


def compacting(parts: Context) -> list[Figure]:
    """After all work on the data, which leaves free pages."""
    began = time.monotonic()
    sizes = compact_database(parts.database)
    return per_1000_jobs("compact", time.monotonic() - began, sizes.after, f"{sizes.before / 1e6:.1f} MB before")


def per_1000_jobs(what: str, seconds: float, size: int, details: str) -> list[Figure]:
    thousands = JOBS / 1000
    return [
        Figure(f"{what}, of 1,000 jobs", seconds / thousands, "s", MOST_SECONDS_PER_1000_JOBS, is_at_least=False,
               details=details),
        Figure(f"size after {what}, of 1,000 jobs", size / 1e6 / thousands, "MB", MOST_MB_PER_1000_JOBS,
               is_at_least=False),
    ]  # fmt: skip


def working(parts: Context) -> Iterator[Figure]:
    database = parts.database
    without_checkpoints(database)
    with timed_writes(database) as taken:

        def figure(what: str) -> Figure:
            longest, of_processor = max(taken, default=(0.0, 0.0))
            middle = median([milliseconds for milliseconds, _ in taken] or [0])
            details = f"{of_processor:.0f} ms of it at work; {len(taken)} transactions, median {middle:.1f} ms"
            taken.clear()
            with database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            what = f"longest write transaction: {what}"
            return Figure(what, longest, "ms", MOST_MILLISECONDS, is_at_least=False, details=details)

        for counted in parts.features.counted:
            sum(recount(database.reading, database.transaction, counted))
        yield figure("counting again")
        with database.transaction() as session:
            check_id = ask_for_check(session, "ada@example.com", utc_now()).id
        check_chain(check_id)
        yield figure("check of the chain")
        erase_some(database)
        yield figure(f"erasing, each of {PERSONS} persons")
        fold(utc_now())
        yield figure("folding")
        for _ in rotate_keys(database, parts.settings, parts.features.sealed_columns):
            pass
        yield figure("rotation of keys")
        for kind in KINDS:
            rules = {each.name: KEPT_FOR_DAYS if each is kind else 0 for each in KINDS}
            with database.transaction() as session:
                write_rules(session, rules, utc_now())
            enforce_retention(utc_now())
            yield figure(f"retention of {kind.name}")
            fold(utc_now())
            taken.clear()


def erase_some(database: Database) -> None:
    with database.reading() as session:
        jobs = session.exec(select(Job).where(col(Job.person_sealed).is_not(None)).order_by(col(Job.id)).limit(JOBS))
        settled = [job.user_id for job in jobs if job.is_settled]
    for user_id in list(dict.fromkeys(settled))[:: max(1, len(settled) // PERSONS)][:PERSONS]:
        with database.reading() as session:
            found = find_person(session, user_id)
        with database.transaction() as session:
            erase_person(session, found, [job.id for job in found.named], "ada@example.com", None, utc_now())


@contextmanager
def timed_writes(database: Database) -> Iterator[list[tuple[float, float]]]:
    """Collects the milliseconds from having the write lock to the end of the commit, and those of the processor."""
    taken: list[tuple[float, float]] = []
    transaction = database.transaction

    @contextmanager
    def timed() -> Iterator[Session]:
        with transaction() as session:
            session.connection()
            began, work_began = time.perf_counter(), time.thread_time()
            yield session
        taken.append((1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - work_began)))

    database.transaction = timed  # type: ignore[method-assign]
    try:
        yield taken
    finally:
        database.transaction = transaction  # type: ignore[method-assign]


def without_checkpoints(database: Database) -> None:
    """A commit may be followed by a checkpoint, which does not hold the lock."""
    with database.transaction_of_statements() as connection:
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
