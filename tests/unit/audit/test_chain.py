"""The chain: every change of a line is found, whoever writes at once keeps it whole, and a check goes in stretches."""

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, cast, func, update
from sqlmodel import Session, col, select

from dashboard.audit import chain, checking
from dashboard.audit.models import AuditEntry, ChainCheck
from dashboard.audit.retention import forget_lines_before
from dashboard.audit.tasks import check_chain as run_check
from dashboard.audit.tasks import start_daily_check
from dashboard.audit.trail import record
from dashboard.db import Database, utc_now
from tests.factories.features import TASKS
from tests.unit.audit.lines import (
    TABLE,
    break_line,
    copy_of_lines,
    flip_one_bit,
    remove_lines,
    report_of,
    restore,
    write_lines,
)

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
COLUMNS = (
    "sequence",
    "at",
    "who",
    "member_id",
    "action",
    "subject",
    "details",
    "from_address",
    "previous_hash",
    "hash",
)
BITS = 100


def test_one_bit_changed_in_any_field_of_any_line_is_found(database: Database):
    chance = random.Random(7)
    write_lines(database, 40)
    backup = copy_of_lines(database)
    assert report_of(database).is_unbroken

    found = 0
    for number in range(BITS):
        column, line = COLUMNS[number % len(COLUMNS)], chance.randrange(1, 41)
        flip_one_bit(database, line, column, chance)
        report = report_of(database)
        found += report.broken_at is not None and report.broken_at <= line + 1
        restore(database, backup)

    print(f"one bit changed: {found} of {BITS} found")
    assert found == BITS
    assert report_of(database).is_unbroken


def test_an_escape_that_is_spelled_in_another_way_is_found(database: Database):
    write_lines(database, 3)
    details = TABLE.c.details
    spelled = cast(func.replace(cast(details, String), "e9", "E9"), String if database.is_sqlite else details.type)
    with database.transaction() as session:
        session.connection().execute(TABLE.update().values({details: spelled}))

    assert report_of(database).broken_at == 1


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_removed_line_is_found(database: Database, number: int):
    write_lines(database, 5)
    remove_lines(database, number)

    report = report_of(database)

    assert (report.broken_at, report.lines) == (number, number - 1)
    assert f"Line {number} is missing" in report.why


def test_swapped_lines_are_found(database: Database):
    write_lines(database, 5)
    for old, new in ((2, 1000), (3, 2), (1000, 3)):
        break_line(database, old, sequence=new)

    report = report_of(database)

    assert report.broken_at == 2
    assert "does not follow" in report.why


def test_an_inserted_line_is_found_even_with_a_hash_of_its_own(database: Database):
    write_lines(database, 5)
    with database.transaction() as session:
        for number in (5, 4, 3):
            session.connection().execute(
                update(AuditEntry).where(col(AuditEntry.sequence) == number).values(sequence=number + 1)
            )
        second = session.get_one(AuditEntry, 2)
        forged = AuditEntry(
            sequence=3, at=utc_now(), who="ben", action="job.created", previous_hash=second.hash, hash=""
        )
        forged.hash = forged.compute_hash()
        session.add(forged)

    assert report_of(database).broken_at == 4


def test_a_line_that_was_changed_together_with_its_hash_is_found_by_the_next(database: Database):
    write_lines(database, 5)
    with database.transaction() as session:
        line = session.get_one(AuditEntry, 2)
        line.who = "cleo@example.com"
        line.hash = line.compute_hash()

    assert report_of(database).broken_at == 3


def finished_check(database: Database) -> ChainCheck:
    with database.transaction() as session:
        check = checking.ask_for_check(session, "ada@example.com", utc_now())
    run_check(check.id)
    with database.reading() as session:
        return session.get_one(ChainCheck, check.id)


@pytest.mark.usefixtures("in_app")
def test_newest_lines_that_are_cut_off_are_missed_by_the_next_check(database: Database):
    write_lines(database, 5)
    assert finished_check(database).broken_at is None
    remove_lines(database, 4, 5, 6)

    check = finished_check(database)

    assert (check.broken_at, check.lines) == (6, 4)
    assert "the newest lines were cut off" in check.why


@pytest.mark.usefixtures("in_app")
def test_a_trail_that_is_written_anew_from_the_beginning_is_another_than_the_last_check_saw(database: Database):
    write_lines(database, 5)
    finished_check(database)
    remove_lines(database, *range(1, 7))
    write_lines(database, 8)

    check = finished_check(database)

    assert check.broken_at == 6
    assert "rewritten" in check.why


@pytest.mark.usefixtures("in_app")
def test_a_check_goes_in_stretches_and_goes_on_after_a_kill(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chain, "STRETCH", 4)
    write_lines(database, 10)
    now = utc_now()
    with database.transaction() as session:
        check = checking.ask_for_check(session, "ada@example.com", now)
        checking.claim_check(session, check.id, now)
    with database.reading() as session:
        seen = checking.check_next_stretch(session, check.id)
    with database.transaction() as session:
        assert checking.save_place(session, *seen, now)

    with database.reading() as session:
        place = session.get_one(ChainCheck, check.id)
        too_early = TASKS["audit.check_chain"].find_due(session, "sandbox", now, 10)
        later = TASKS["audit.check_chain"].find_due(session, "sandbox", now + timedelta(minutes=2), 10)
    with database.transaction() as session:
        session.get_one(ChainCheck, check.id).due_at = now
    TASKS["audit.check_chain"].run(check.id)

    assert (place.lines, place.sequence, place.finished_at) == (4, 4, None)
    assert (list(too_early), list(later)) == ([], [check.id])
    with database.reading() as session:
        done = session.get_one(ChainCheck, check.id)
    assert (done.lines, done.sequence, done.broken_at, done.due_at) == (11, 11, None, None)
    assert done.finished_at is not None


@pytest.mark.usefixtures("in_app")
def test_two_workers_count_no_line_twice(database: Database):
    write_lines(database, 3)
    now = utc_now()
    with database.transaction() as session:
        check = checking.ask_for_check(session, "ada@example.com", now)
        assert checking.claim_check(session, check.id, now)
        assert not checking.claim_check(session, check.id, now)
    with database.reading() as session:
        first = checking.check_next_stretch(session, check.id)
    with database.reading() as session:
        second = checking.check_next_stretch(session, check.id)

    with database.transaction() as session:
        checking.save_place(session, *first, now)
    with database.transaction() as session:
        went_on = checking.save_place(session, *second, now)

    with database.reading() as session:
        assert session.get_one(ChainCheck, check.id).lines == 4
    assert not went_on


@pytest.mark.usefixtures("in_app")
def test_the_daily_check_is_not_started_while_one_is_under_way(database: Database):
    now = utc_now()
    for days in (0, 1):
        start_daily_check(now + timedelta(days=days))
    with database.reading() as session:
        first = session.exec(select(ChainCheck)).one()
    TASKS["audit.check_chain"].run(first.id)
    start_daily_check(now + timedelta(days=2))

    with database.reading() as session:
        checks = session.exec(select(ChainCheck).order_by(col(ChainCheck.id))).all()
    assert [(check.asked_by, check.asked_at - now) for check in checks] == [
        ("worker", timedelta(0)),
        ("worker", timedelta(days=2)),
    ]


def test_lines_that_are_deleted_after_their_time_leave_a_chain_that_holds(database: Database):
    write_lines(database, 10)
    with database.transaction() as session:
        for line in session.exec(
            select(AuditEntry).where(AuditEntry.sequence <= 4).order_by(AuditEntry.sequence)
        ).all():
            line.at = utc_now() - timedelta(days=400)
    rewrite_hashes(database)
    assert report_of(database).is_unbroken

    with database.transaction() as session:
        gone = forget_lines_before(session, utc_now() - timedelta(days=365), utc_now(), most=5000)

    report = report_of(database)
    assert gone == 4
    assert (report.is_unbroken, report.lines, report.sequence) == (True, 7, 11)
    remove_lines(database, 5)
    assert report_of(database).broken_at == 1


def test_nothing_old_enough_is_forgotten_without_a_line(database: Database):
    write_lines(database, 2)

    with database.transaction() as session:
        assert forget_lines_before(session, utc_now() - timedelta(days=1), utc_now(), most=5000) == 0

    assert report_of(database).lines == 2


def rewrite_hashes(database: Database) -> None:
    with database.transaction() as session:
        previous = "0" * 64
        for line in session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all():
            line.previous_hash = previous
            previous = line.hash = line.compute_hash()


def test_an_empty_trail_holds(database: Database):
    report = report_of(database)

    assert (report.is_unbroken, report.lines, report.sequence) == (True, 0, 0)


def test_threads_that_record_at_once_keep_one_chain(database: Database):
    threads, lines = 8, 12

    def write(thread: int) -> None:
        for number in range(lines):
            with database.transaction() as session:
                record(session, "job.created", f"row {thread}-{number}", utc_now(), who="worker")
                if number % 3 == 0:
                    record(session, "image.viewed", f"row {thread}-{number}", utc_now(), who="worker")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(write, range(threads)))

    report = report_of(database)
    assert (report.is_unbroken, report.lines) == (True, threads * (lines + lines // 3))


def test_a_transaction_that_fails_leaves_no_gap(database: Database):
    write_lines(database, 1)

    def fail() -> None:
        with database.transaction() as session:
            record(session, "job.created", "row", utc_now(), who="worker")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    write_lines(database, 1)

    assert report_of(database).lines == 2


def test_the_hash_is_what_it_was_when_the_first_trails_were_written():
    """A formula that changes would break every trail there is."""
    entry = AuditEntry(
        sequence=1,
        at=utc_now().replace(2026, 1, 2, 3, 4, 5, 6),
        who="ada@example.com",
        action="job.created",
        subject="job 1",
        details={"b": "2", "a": "1"},
        previous_hash="0" * 64,
        hash="",
    )
    written = (
        '[1, "2026-01-02T03:04:05.000006+00:00", "ada@example.com", "", "job.created", "job 1", '
        '{"a": "1", "b": "2"}, "", "' + "0" * 64 + '"]'
    )

    assert entry.compute_hash() == hashlib.sha256(written.encode()).hexdigest()


def test_page_asks_for_a_check_and_shows_how_it_ended(
    app: Flask, sign_in: SignInAs, database: Database, session: Session, woken: list[Any]
):
    ada = sign_in("ada")
    before = ada.get("/audit").text

    answer = ada.post("/audit/checks")
    again = ada.post("/audit/checks")
    running = ada.get("/audit").text
    name, check_id = woken[0]
    with app.app_context():
        TASKS[name].run(check_id)
    after, part, twin = ada.get("/audit").text, ada.get("/audit/chain").text, ada.get("/audit/chain.json").json

    assert (answer.status_code, again.status_code) == (303, 303)
    assert woken[0] == woken[1]
    assert "Not checked yet" in before
    assert "Checking now" in running
    assert "data-poll" in running
    assert "All 2 lines are unbroken" in after
    assert "All 2 lines are unbroken" in part
    assert "data-poll" not in part
    assert "<html" not in part
    assert (twin["checked"]["unbroken"], twin["checked"]["lines"], twin["running"]) == (True, 2, None)
    newest = session.get_one(AuditEntry, 2)
    assert twin["head"] == {"line": 2, "hash": newest.hash}
    assert newest.action == "audit.check_asked"
    write_lines(database, 3)
    later = ada.get("/audit").text
    assert "Unbroken up to line 2" in later
    assert "3 lines were added since then." in later


@pytest.mark.usefixtures("in_app")
def test_page_tells_the_first_line_that_does_not_fit_and_what_it_means(app: Flask, database: Database):
    write_lines(database, 4)
    break_line(database, 3, who="cleo@example.com")
    finished_check(database)
    with database.reading() as session:
        last = checking.last_check(session)

    with app.test_request_context():
        page = app.jinja_env.get_template("audit/_chain.html").render(
            chain={"last": last, "running": None, "head": {"line": 4, "hash": ""}}, compared=None, csrf_token=str
        )

    assert "broken at line 3" in page
    assert "its content does not match its own hash" in page


@pytest.mark.parametrize(
    ("line", "change", "says"),
    [
        ("1", "", "has the hash that you wrote down"),
        ("1", "0", "rewritten"),
        ("900", "", "cut off"),
        ("nonsense", "", "Enter the number of the line"),
        ("1", "short", "Enter the number of the line"),
    ],
)
def test_a_head_that_was_written_down_is_compared(
    sign_in: SignInAs, session: Session, line: str, change: str, says: str
):
    ada = sign_in("ada")
    noted = session.get_one(AuditEntry, 1).hash
    noted = {"": noted, "0": "0" * 64, "short": "abc"}[change]

    page = ada.get(f"/audit?head_line={line}&head_hash={noted}")

    assert page.status_code == 200
    assert says in page.text
