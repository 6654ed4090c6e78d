"""Errors that tell of an outage, as the engines raise them, and the few lines that the log gets of each."""

import errno
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import outages
from dashboard.crypto import KeyRing
from dashboard.db import Database, TimeLimits
from dashboard.outages import (
    DATABASE_AWAY,
    DATABASE_BUSY,
    DATABASE_READ_ONLY,
    DISK_FULL,
    OutageLog,
    what_is_away,
)

pytestmark = pytest.mark.both_engines


def error_of(database: Database, *statements: str) -> SQLAlchemyError:
    try:
        with database.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    except SQLAlchemyError as error:
        return error
    raise AssertionError("nothing went wrong")


def test_fault_of_the_program_is_no_outage(database: Database):
    assert what_is_away(error_of(database, "SELECT * FROM no_such_table")) is None
    assert what_is_away(error_of(database, "SELEKT")) is None
    assert what_is_away(ValueError("x")) is None
    assert what_is_away(FileNotFoundError(errno.ENOENT, "x")) is None


def test_disk_without_room_is_one():
    assert what_is_away(OSError(errno.ENOSPC, "x")) is DISK_FULL


def test_database_that_is_not_there(keyring: KeyRing, tmp_path: Path):
    gone = Database(f"sqlite:///{tmp_path / 'gone' / 'x.db'}", keyring)
    (tmp_path / "gone").rmdir()
    nobody = Database("postgresql://desk:canary@127.0.0.1:9/desk", keyring, TimeLimits(connect=2))

    errors = [error_of(database, "SELECT 1") for database in (gone, nobody)]

    assert [what_is_away(error) for error in errors] == [DATABASE_AWAY, DATABASE_AWAY]


def limited(database: Database, keyring: KeyRing, **limits: float) -> Database:
    url = database.engine.url.render_as_string(hide_password=False)
    return Database(url, keyring, TimeLimits(**limits))


def test_postgresql_ends_what_waits_or_lasts_too_long(database: Database, keyring: KeyRing):
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    quick = limited(database, keyring, lock=0.1, statement=0.3)
    with database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE setting"))
        locked = error_of(quick, "SELECT * FROM setting")
    slow = error_of(quick, "SELECT pg_sleep(60)")
    read_only = error_of(database, "SET TRANSACTION READ ONLY", "DELETE FROM setting")
    quick.dispose()

    assert [what_is_away(error) for error in (locked, slow, read_only)] == [
        DATABASE_BUSY,
        DATABASE_BUSY,
        DATABASE_READ_ONLY,
    ]


def test_connections_that_postgresql_ended_are_made_again_before_anybody_notices(database: Database, keyring: KeyRing):
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    ours = limited(database, keyring)
    with ours.reading() as first, ours.reading() as second:
        pids = [each.connection().execute(text("SELECT pg_backend_pid()")).scalar_one() for each in (first, second)]
    with database.engine.begin() as connection:
        for pid in pids:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with ours.reading() as session:
        answered = session.connection().execute(text("SELECT 1")).scalar_one()
    with ours.transaction() as session:
        session.connection().execute(text("SELECT 1"))
    ours.dispose()

    assert answered == 1


def test_outage_has_a_line_at_its_begin_some_on_the_way_and_one_at_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    now = [1000.0]
    monkeypatch.setattr(outages, "monotonic", lambda: now[0])
    of_queue = OutageLog("queue")

    for _ in range(600):
        of_queue.failed("ConnectionError")
        now[0] += 1.0
    for _ in range(60):
        of_queue.worked()
        now[0] += 1.0
    lines = capsys.readouterr().out.splitlines()

    assert ["part_away" in line for line in lines] == [True, *[False] * (len(lines) - 1)]
    assert "part_is_back" in lines[-1]
    assert "failures=600" in lines[-1]
    assert len(lines) <= 8
    assert not of_queue.is_on


def test_pause_grows_and_has_an_end(monkeypatch: pytest.MonkeyPatch):
    now = [1000.0]
    monkeypatch.setattr(outages, "monotonic", lambda: now[0])
    of_queue, pauses, tries = OutageLog("queue"), [], 0

    of_queue.failed("ConnectionError")
    for _ in range(600):
        now[0] += 0.1
        pauses.append(of_queue.pause_seconds)
        if of_queue.is_time_to_try:
            of_queue.failed("ConnectionError")
            tries += 1

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 10.0)
    assert tries < 20


def test_part_that_comes_and_goes_is_one_outage(capsys: pytest.CaptureFixture[str]):
    of_queue = OutageLog("queue")

    for _ in range(50):
        of_queue.failed("ConnectionError")
        of_queue.worked()

    assert len(capsys.readouterr().out.splitlines()) == 1
    assert of_queue.is_on


def test_writer_that_holds_the_turn_is_waited_for_no_longer_than_is_said(
    database: Database, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
):
    if not database.is_sqlite:
        pytest.skip("about SQLite")
    monkeypatch.setattr("dashboard.db.SECONDS_FOR_TURN", 0.05)
    ours = limited(database, keyring)

    with ours.transaction(), pytest.raises(SQLAlchemyError) as raised, ours.transaction_of_statements():
        pass
    ours.dispose()

    assert what_is_away(raised.value) is DATABASE_BUSY
