"""The clock: it finds what is due, leaves a full queue alone, and goes on whatever happens."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.background import due_rows, tasks, tidying
from dashboard.db import Database, new_id, utc_now
from dashboard.privacy.tasks import THE_RUN
from dashboard.worker import process
from dashboard.worker.queue import RecordingQueue
from dashboard.worker.schedule import MOST_AT_ONCE, run_clock, sweep

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]


class FullQueue(RecordingQueue):
    def is_busy(self, limit: int) -> bool:
        return True


def finds(*ids: UUID) -> Callable[..., Sequence[UUID]]:
    return lambda session, now, limit: ids[:limit]


def test_sweep_wakes_each_due_row_by_its_task(app: Flask):
    queue = RecordingQueue()
    first, second = new_id(), new_id()

    count = sweep(queue, {"jobs.advance": finds(first), "callbacks.handle": finds(second)}, utc_now())

    assert count == 2
    assert queue.woken == [("jobs.advance", first), ("callbacks.handle", second)]


def test_sweep_adds_nothing_to_a_full_queue(app: Flask):
    queue = FullQueue()

    assert sweep(queue, {"jobs.advance": finds(new_id())}, utc_now()) == 0
    assert queue.woken == []


def test_sweep_takes_a_bounded_number(app: Flask):
    queue = RecordingQueue()

    assert sweep(queue, {"x": finds(*(new_id() for _ in range(MOST_AT_ONCE + 50)))}, utc_now()) == MOST_AT_ONCE


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception("gone")), ConnectionError("queue gone")])
def test_clock_outlives_a_database_or_queue_that_is_down(app: Flask, error: Exception):
    queue = RecordingQueue()
    row_id, stop, ticks = new_id(), Event(), []

    def find_due(session: Session, now: Any, limit: int) -> Sequence[UUID]:
        ticks.append(now)
        if len(ticks) < 3:
            raise error
        stop.set()
        return [row_id]

    clock = Thread(target=run_clock, args=(app, queue, {"jobs.advance": find_due}, [], 0.01, stop))
    clock.start()
    clock.join(10)

    assert not clock.is_alive()
    assert queue.woken == [("jobs.advance", row_id)]


def test_clock_tidies_at_its_first_tick_and_not_at_every_one(app: Flask):
    queue = RecordingQueue()
    stop, ticks, tidied = Event(), [], []

    def find_due(session: Session, now: Any, limit: int) -> Sequence[UUID]:
        ticks.append(now)
        if len(ticks) == 4:
            stop.set()
        return []

    run_clock(app, queue, {"x": find_due}, [lambda session, now: tidied.append(now)], 0.001, stop)

    assert len(ticks) == 4
    assert len(tidied) == 1


def test_every_due_row_has_a_task_and_every_query_runs(app: Flask, database: Database):
    finders = due_rows("sandbox")

    assert set(finders) <= set(tasks())
    with database.reading() as session:
        found = {name: list(find(session, utc_now(), 10)) for name, find in finders.items()}
    # Retention has one clock of its own, which has not struck yet in a new deployment.
    assert found == {name: [] for name in finders} | {"privacy.enforce_retention": [THE_RUN]}
    for tidy in tidying():
        with database.transaction() as session:
            tidy(session, utc_now())


def test_task_that_fails_is_logged_without_its_words_and_takes_nobody_along(
    app: Flask, capsys: pytest.CaptureFixture[str]
):
    def fail(row_id: UUID) -> None:
        raise ValueError("canary 22212345678")

    process._in_app(app, "jobs.advance", fail)(new_id())

    logged = capsys.readouterr()
    assert "task_failed" in logged.out
    assert "ValueError" in logged.out
    assert "22212345678" not in logged.out + logged.err
