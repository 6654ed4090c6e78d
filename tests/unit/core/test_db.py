"""Transactions and column types, on both engines."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread, Timer

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlmodel import select

from dashboard.crypto import KeyRing
from dashboard.db import SQLITE, Database, new_id, utc_now
from dashboard.jobs.models import SentSignature

pytestmark = pytest.mark.both_engines

LAGOS = timezone(timedelta(hours=1))


@pytest.fixture
def db(database_url: str, keyring: KeyRing) -> Iterator[Database]:
    database = Database(database_url, keyring)
    yield database
    database.dispose()


def digests(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(SentSignature.digest)).all())


def add(database: Database, digest: str, sent_at: datetime | None = None) -> None:
    with database.transaction() as session:
        session.add(SentSignature(digest=digest, sent_at=sent_at or utc_now()))


def test_transaction_keeps_all_or_nothing(db: Database):
    add(db, "kept")

    with suppress(RuntimeError), db.transaction() as session:
        session.add(SentSignature(digest="lost", sent_at=utc_now()))
        session.flush()
        raise RuntimeError

    assert digests(db) == ["kept"]
    add(db, "after")
    assert digests(db) == ["after", "kept"]


def test_reading_keeps_nothing(db: Database):
    with db.reading() as session:
        session.add(SentSignature(digest="written while reading", sent_at=utc_now()))
        session.flush()

    assert digests(db) == []


def test_reading_is_one_consistent_view(db: Database):
    add(db, "before")

    with db.reading() as session:
        first = len(session.exec(select(SentSignature)).all())
        add(db, "meanwhile")
        second = len(session.exec(select(SentSignature)).all())

    assert (first, second) == (1, 1)
    assert digests(db) == ["before", "meanwhile"]


def test_many_writers_at_once_all_get_through(db: Database, database_url: str, keyring: KeyRing):
    """Threads of one process queue; a second process, here a second engine, waits for the file."""
    databases, problems = [db, Database(database_url, keyring)], []

    def write(number: int) -> None:
        try:
            for turn in range(8):
                with databases[number % 2].transaction() as session:
                    session.exec(select(SentSignature)).all()  # reads first: the lock must be there already
                    session.add(SentSignature(digest=f"{number}-{turn}", sent_at=utc_now()))
        except Exception as error:  # shown below, since a thread's own failure is not
            problems.append(error)

    threads = [Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    databases[1].dispose()

    assert problems == []
    assert len(digests(db)) == 48


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=UTC),
        datetime(2026, 1, 15, 0, 30, tzinfo=LAGOS),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_time_comes_back_as_the_same_moment_in_utc(db: Database, moment: datetime):
    add(db, "x", moment)

    with db.reading() as session:
        found = session.exec(select(SentSignature.sent_at)).one()

    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_time_is_utc_whatever_the_server_s_own_zone(db: Database):
    if db.is_sqlite:
        pytest.skip("SQLite knows no zones")
    moment = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    add(db, "x", moment)

    with db.reading() as session:
        session.connection().execute(text("SET LOCAL TIME ZONE 'Africa/Lagos'"))
        found = session.exec(select(SentSignature.sent_at)).one()

    assert found == moment
    assert found.isoformat() == "2026-01-15T09:30:00+00:00"


def test_time_without_a_zone_is_refused(db: Database):
    with pytest.raises(StatementError, match="without a zone"):
        add(db, "x", datetime(2026, 1, 15))  # noqa: DTZ001 - the mistake that this is about


def test_sqlite_is_set_up_for_two_processes_and_power_cuts(db: Database):
    if not db.is_sqlite:
        pytest.skip("settings of SQLite")

    with db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}


def test_readers_one_after_the_other_share_a_connection_and_its_cache(tmp_path: Path, keyring: KeyRing):
    database = Database(f"sqlite:///{tmp_path / 'dashboard.db'}", keyring)

    def connection_of_reader() -> int:
        with database.reading() as session:
            return id(session.connection().connection.driver_connection)

    with ExitStack() as at_once:
        readers = [at_once.enter_context(database.reading()) for _ in range(4)]
        used = {id(reader.connection().connection.driver_connection) for reader in readers}
    later = {connection_of_reader() for _ in range(8)}

    assert len(used) == 4
    assert len(later) == 1
    database.dispose()


def test_first_connection_to_a_new_file_waits_for_one_that_writes(tmp_path: Path, keyring: KeyRing):
    new = Database(f"sqlite:///{tmp_path / 'new.db'}", keyring)
    with closing(SQLITE.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE first (id)")
        Timer(0.2, other.execute, ("COMMIT",)).start()

        assert new.takes_writes()

    new.dispose()


def test_ids_are_in_order_of_creation():
    ids = [new_id() for _ in range(200)]

    assert ids == sorted(ids)
    assert {made.version for made in ids} == {7}
