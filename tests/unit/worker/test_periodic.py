"""Periodic work: never two at a time, once per period, and again only where the one that claimed it died."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from flask import Flask, has_app_context
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.context import transaction
from dashboard.db import Database, database_now
from dashboard.worker import periodic as periodic_module
from dashboard.worker.models import PeriodicWork
from dashboard.worker.periodic import (
    Periodic,
    PeriodicRunner,
    add_rows,
    claim,
    find_due,
    finish,
    next_due_at,
    renew,
)
from tests.conftest import make_settings
from tests.factories.features import REGISTERED

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
NAME = "test.count"
EVERY = timedelta(minutes=10)
LEASE = 90.0
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, lease=0.6)


@pytest.fixture
def row(database: Database) -> PeriodicWork:
    """Due at NOW."""
    with database.transaction() as session:
        add_rows(session, [NAME], NOW)
    return reload(database)


def reload(database: Database, name: str = NAME) -> PeriodicWork:
    with database.reading() as session:
        return session.get_one(PeriodicWork, name)


def claim_at(database: Database, now: datetime) -> str | None:
    """As a worker does: look what is due, then claim it."""
    with database.transaction() as session:
        due = find_due(session, [NAME], now)
        return claim(session, due[0], EVERY, LEASE, now) if due else None


def finish_at(database: Database, lease: str, now: datetime) -> bool:
    with database.transaction() as session:
        return finish(session, NAME, lease, now)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_new_row_is_due_at_once_and_adding_it_again_changes_nothing(database: Database):
    with database.transaction() as session:
        add_rows(session, [NAME], NOW)
        add_rows(session, [NAME, "test.other"], NOW + minutes(5))

    assert [reload(database, name).due_at for name in (NAME, "test.other")] == [NOW, NOW + minutes(5)]
    assert reload(database).lease is None


def test_row_added_by_many_workers_at_once_is_added_once(app: Flask, database: Database):
    start, failed = Barrier(6), []

    def add() -> None:
        start.wait(10)
        try:
            with app.app_context(), transaction() as session:
                add_rows(session, [NAME], NOW)
        except Exception as error:
            failed.append(error)

    in_threads(6, add)

    assert failed == []
    with database.reading() as session:
        assert session.exec(select(PeriodicWork.due_at)).all() == [NOW]


def test_work_that_is_not_due_is_not_found_and_not_claimed(database: Database, row: PeriodicWork):
    early = NOW - timedelta(microseconds=1)

    with database.transaction() as session:
        assert find_due(session, [NAME], early) == []
        assert claim(session, row, EVERY, LEASE, early) is None

    assert reload(database) == row


def test_claim_notes_lease_and_start_and_the_next_time(database: Database, row: PeriodicWork):
    lease = claim_at(database, NOW + timedelta(seconds=1))

    claimed = reload(database)
    assert lease
    assert (claimed.lease, claimed.started_at) == (lease, NOW + timedelta(seconds=1))
    assert claimed.lease_until == NOW + timedelta(seconds=1 + LEASE)
    assert (claimed.due_at, claimed.finished_at) == (NOW + EVERY, None)


def test_second_claimer_loses_though_it_has_read_the_row_as_due(database: Database, row: PeriodicWork):
    assert claim_at(database, NOW)

    with database.transaction() as session:
        assert claim(session, row, EVERY, LEASE, NOW) is None
    assert claim_at(database, NOW) is None


def test_only_one_of_many_claims(app: Flask, database: Database, row: PeriodicWork):
    claimed, start = [], Barrier(6)

    def take() -> None:
        start.wait(10)
        with app.app_context(), transaction() as session:
            claimed.append(claim(session, row, EVERY, LEASE, NOW))

    in_threads(6, take)

    assert len(claimed) == 6
    assert [lease for lease in claimed if lease] == [reload(database).lease]


def test_work_that_ended_waits_for_its_next_period(database: Database, row: PeriodicWork):
    lease = claim_at(database, NOW)

    assert lease
    assert finish_at(database, lease, NOW + minutes(1))

    ended = reload(database)
    assert (ended.lease, ended.lease_until, ended.finished_at) == (None, None, NOW + minutes(1))
    assert claim_at(database, NOW + EVERY - timedelta(seconds=1)) is None
    assert claim_at(database, NOW + EVERY)


def test_periods_do_not_drift_however_late_each_is_claimed(database: Database, row: PeriodicWork):
    for period in range(5):
        late = NOW + period * EVERY + minutes(period * 2)
        lease = claim_at(database, late)
        assert lease
        finish_at(database, lease, late)

    assert reload(database).due_at == NOW + 5 * EVERY


def test_missed_periods_are_skipped(database: Database, row: PeriodicWork):
    lease = claim_at(database, NOW + minutes(34))

    assert lease
    finish_at(database, lease, NOW + minutes(35))
    assert reload(database).due_at == NOW + minutes(40)
    assert claim_at(database, NOW + minutes(39)) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [(-15, 0), (0, 10), (0.1, 10), (9.9, 10), (10, 20), (35, 40)],
    ids=["before: it stays", "on it", "just after", "just before the next", "on the next", "some later"],
)
def test_next_time_is_the_first_of_the_grid_after_now(now: float, expected: float):
    assert next_due_at(NOW, EVERY, NOW + minutes(now)) == NOW + minutes(expected)


def test_run_that_takes_longer_than_its_period_is_not_joined_by_a_second(database: Database, row: PeriodicWork):
    lease = claim_at(database, NOW)
    assert lease
    for minute in range(1, 25):
        with database.transaction() as session:
            renew(session, NAME, lease, LEASE, NOW + minutes(minute))
        assert claim_at(database, NOW + minutes(minute)) is None

    finish_at(database, lease, NOW + minutes(25))

    assert claim_at(database, NOW + minutes(25))
    assert reload(database).due_at == NOW + minutes(30)


def test_work_of_a_dead_worker_is_taken_over_once_its_lease_has_run_out(database: Database, row: PeriodicWork):
    dead = claim_at(database, NOW)

    assert claim_at(database, NOW + timedelta(seconds=LEASE - 1)) is None
    taken_over = claim_at(database, NOW + timedelta(seconds=LEASE))
    assert claim_at(database, NOW + timedelta(seconds=LEASE)) is None

    assert dead
    assert taken_over
    assert taken_over != dead
    assert reload(database).due_at == NOW + EVERY  # within the same period, so the next one comes as planned


def test_only_one_of_many_takes_over(app: Flask, database: Database, row: PeriodicWork):
    claim_at(database, NOW)
    dead, later = reload(database), NOW + timedelta(seconds=LEASE)
    claimed, start = [], Barrier(6)

    def take() -> None:
        start.wait(10)
        with app.app_context(), transaction() as session:
            claimed.append(claim(session, dead, EVERY, LEASE, later))

    in_threads(6, take)

    assert [lease for lease in claimed if lease] == [reload(database).lease]


def test_work_taken_over_after_its_period_leaves_the_grid_as_it_was(database: Database, row: PeriodicWork):
    claim_at(database, NOW)

    assert claim_at(database, NOW + minutes(27))

    assert reload(database).due_at == NOW + minutes(30)


def test_lease_that_was_lost_neither_ends_nor_renews_anything(database: Database, row: PeriodicWork):
    lost = claim_at(database, NOW)
    assert lost
    assert claim_at(database, NOW + minutes(2))
    held = reload(database)

    assert not finish_at(database, lost, NOW + minutes(3))
    with database.transaction() as session:
        renew(session, NAME, lost, LEASE, NOW + minutes(3))

    assert reload(database) == held


def test_rows_that_nobody_declares_are_left_alone(app: Flask, database: Database):
    with database.transaction() as session:
        add_rows(session, ["test.of_another_version"], NOW)
    before = reload(database, "test.of_another_version")

    start_and_wait(app, Periodic(NAME, EVERY, lambda now: None))

    assert reload(database, "test.of_another_version") == before


def test_runner_runs_once_per_period_inside_the_app_with_the_time_of_the_claim(app: Flask, database: Database):
    seen = []

    def run(now: datetime) -> None:
        with transaction():  # None is open: on SQLite a second one would wait for ever.
            seen.append((now, has_app_context()))

    start_and_wait(app, Periodic(NAME, EVERY, run))
    start_and_wait(app, Periodic(NAME, EVERY, run))

    ended = reload(database)
    assert seen == [(ended.started_at, True)]
    assert ended.lease is None
    assert ended.finished_at


def test_long_run_holds_up_no_other_and_is_not_started_twice(app: Flask):
    go_on, ran, started = Event(), Event(), []

    def wait(now: datetime) -> None:
        started.append(now)
        go_on.wait(20)

    runner = PeriodicRunner(app, [Periodic("test.long", EVERY, wait), Periodic(NAME, EVERY, lambda now: ran.set())])
    runner.add_rows()
    runner.start_due()
    runner.start_due()

    assert ran.wait(20)
    go_on.set()
    runner.close()
    assert len(started) == 1


def test_heartbeat_keeps_the_lease_of_a_long_run(app: Flask, database: Database, settings: Settings):
    renewed = []

    def outlast_the_lease(now: datetime) -> None:
        Event().wait(2 * settings.lease)
        held = reload(database)
        with database.reading() as session:
            renewed.append(held.lease_until is not None and held.lease_until > database_now(session))

    start_and_wait(app, Periodic(NAME, EVERY, outlast_the_lease))

    assert renewed == [True]


def test_what_this_process_still_runs_is_not_taken_over_by_itself(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(periodic_module, "renew", lambda *_: None)  # as if the database had been away
    go_on, started = Event(), []

    def wait(now: datetime) -> None:
        started.append(now)
        go_on.wait(20)

    runner = PeriodicRunner(app, [Periodic(NAME, EVERY, wait)])
    runner.add_rows()
    runner.start_due()
    with database.transaction() as session:
        session.get_one(PeriodicWork, NAME).lease_until = database_now(session) - EVERY
    runner.start_due()
    go_on.set()
    runner.close()

    assert len(started) == 1


def test_run_that_raises_counts_as_run_and_its_words_are_not_logged(
    app: Flask, database: Database, capsys: pytest.CaptureFixture[str]
):
    def fail(now: datetime) -> None:
        raise ValueError("canary 22212345678")

    start_and_wait(app, Periodic(NAME, EVERY, fail))

    ended = reload(database)
    assert ended.lease is None
    assert ended.finished_at
    assert ended.started_at
    assert ended.due_at > ended.started_at
    logged = capsys.readouterr()
    assert "periodic_failed" in logged.out
    assert "ValueError" in logged.out
    assert "22212345678" not in logged.out + logged.err


def test_run_whose_end_cannot_be_saved_is_logged_and_done_again_after_its_lease(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refuse(*_: object) -> bool:
        raise OperationalError("UPDATE", {}, Exception("canary"))

    monkeypatch.setattr(periodic_module, "finish", refuse)

    start_and_wait(app, Periodic(NAME, EVERY, lambda now: None))

    held = reload(database)
    logged = capsys.readouterr().out
    assert "periodic_not_finished" in logged
    assert "canary" not in logged
    assert held.lease_until
    assert claim_at(database, held.lease_until)


def test_run_whose_lease_was_taken_over_says_so(app: Flask, database: Database, capsys: pytest.CaptureFixture[str]):
    def lose(now: datetime) -> None:
        with transaction() as session:
            session.get_one(PeriodicWork, NAME).lease = "another"

    start_and_wait(app, Periodic(NAME, EVERY, lose))

    assert reload(database).lease == "another"
    assert "periodic_lease_lost" in capsys.readouterr().out


def test_work_that_waits_after_a_start_is_not_claimed_by_a_young_worker(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
):
    seconds = iter([0.0, 59.0, 61.0])
    monkeypatch.setattr(periodic_module, "monotonic", lambda: next(seconds))
    ran = []
    runner = PeriodicRunner(app, [Periodic(NAME, EVERY, ran.append, after_start=minutes(1))])
    runner.add_rows()

    runner.start_due()
    too_early = reload(database).started_at
    runner.start_due()
    runner.close()

    assert too_early is None
    assert len(ran) == 1


def test_names_say_slice_and_verb_and_are_there_once():
    names = [each.name for each in REGISTERED.periodic]

    assert set(names) == {
        "worker.note_alive",
        "worker.forget_old_tries",
        "worker.forget_old_presses",
        "audit.start_daily_check",
        "jobs.ask_smile",
        "jobs.ask_smile_while_something_is_wrong",
        "jobs.fill_phone_digests",
        "jobs.fill_searches",
        "jobs.fill_warnings",
        "links.fill_searches",
        "callbacks.fill_searches",
        "callbacks.index_texts",
        "rollups.fold",
        "rollups.check",
        "jobs.forget_sent_signatures",
        "reports.forget_exact_times",
        "jobs.tend_name_search",
        "team.forget_old_links",
        "team.forget_old_mails",
        "privacy.enforce_retention",
        "privacy.look_for_unreadable",
        "settings.ask_wallet",
    }
    assert len(names) == len(set(names))


@pytest.mark.parametrize("declared", REGISTERED.periodic, ids=lambda each: each.name)
def test_each_runs_on_an_empty_database_and_again(session: Session, declared: Periodic):
    now = database_now(session)
    session.rollback()

    declared.run(now)
    declared.run(now + declared.every)


def start_and_wait(app: Flask, declared: Periodic) -> None:
    runner = PeriodicRunner(app, [declared])
    runner.add_rows()
    runner.start_due()
    runner.close()


def in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
