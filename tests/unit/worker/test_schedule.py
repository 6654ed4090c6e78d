"""The clock: it finds what is due, leaves a full queue alone, and goes on whatever happens."""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.background import due_rows, tasks
from dashboard.db import Database, new_id, utc_now
from dashboard.worker import process
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.schedule import MOST_AT_ONCE, run_clock, sweep

pytestmark = pytest.mark.usefixtures("in_app")


class RecordingQueue:
    def __init__(self, is_full: bool = False) -> None:
        self.is_full = is_full
        self.woken: list[tuple[str, UUID]] = []

    def is_busy(self, limit: int) -> bool:
        return self.is_full

    def wake(self, name: str, row_id: UUID) -> None:
        self.woken.append((name, row_id))


def finds(*ids: UUID) -> Callable[..., Sequence[UUID]]:
    return lambda session, now, limit: ids[:limit]


def test_sweep_wakes_each_due_row_by_its_task(app: Flask):
    queue: Any = RecordingQueue()
    first, second = new_id(), new_id()

    count = sweep(queue, {"jobs.advance": finds(first), "callbacks.handle": finds(second)}, utc_now())

    assert count == 2
    assert queue.woken == [("jobs.advance", first), ("callbacks.handle", second)]


def test_sweep_adds_nothing_to_a_full_queue(app: Flask):
    queue: Any = RecordingQueue(is_full=True)

    assert sweep(queue, {"jobs.advance": finds(new_id())}, utc_now()) == 0
    assert queue.woken == []


def test_sweep_takes_a_bounded_number(app: Flask):
    queue: Any = RecordingQueue()

    assert sweep(queue, {"x": finds(*(new_id() for _ in range(MOST_AT_ONCE + 50)))}, utc_now()) == MOST_AT_ONCE


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception("gone")), ConnectionError("queue gone")])
def test_clock_outlives_a_database_or_queue_that_is_down(app: Flask, error: Exception):
    queue: Any = RecordingQueue()
    row_id, stop, ticks = new_id(), Event(), []

    def find_due(session: Session, now: Any, limit: int) -> Sequence[UUID]:
        ticks.append(now)
        if len(ticks) < 3:
            raise error
        stop.set()
        return [row_id]

    runner = PeriodicRunner(app, [])
    clock = Thread(target=run_clock, args=(app, queue, {"jobs.advance": find_due}, runner, 0.01, stop))
    clock.start()
    clock.join(10)

    assert not clock.is_alive()
    assert queue.woken == [("jobs.advance", row_id)]


def test_clock_starts_periodic_work_at_each_tick_and_outlives_its_failure(app: Flask):
    queue: Any = RecordingQueue()
    stop, ticks = Event(), []

    class FailingRunner:
        def start_due(self) -> None:
            ticks.append(1)
            if len(ticks) == 3:
                stop.set()
            raise OperationalError("UPDATE", {}, Exception("gone"))

    runner: Any = FailingRunner()

    run_clock(app, queue, {}, runner, 0.001, stop)

    assert len(ticks) == 3


def test_every_due_row_has_a_task_and_every_query_runs(app: Flask, database: Database):
    finders = due_rows("sandbox")

    assert set(finders) <= set(tasks())
    with database.reading() as session:
        found = {name: list(find(session, utc_now(), 10)) for name, find in finders.items()}
    assert found == {name: [] for name in finders}


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
