"""The clock: it finds what is due, leaves a full queue alone, and goes on whatever happens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.context import context_of
from dashboard.db import Database, new_id, utc_now
from dashboard.feature import Feature, Features
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.process import register_tasks
from dashboard.worker.queue import Queue, RecordingQueue, Task
from dashboard.worker.schedule import MOST_AT_ONCE, run_clock, sweep
from tests.conftest import make_settings
from tests.factories.features import REGISTERED

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]


class FullQueue(RecordingQueue):
    def is_busy(self, limit: int) -> bool:
        return True


def task(name: str, find_due: Callable[..., Sequence[UUID]]) -> Task:
    return Task(name, lambda _: None, find_due)


def finds(*ids: UUID) -> Callable[..., Sequence[UUID]]:
    return lambda session, environment, now, limit: ids[:limit]


def test_sweep_wakes_each_due_row_by_its_task(app: Flask):
    queue = RecordingQueue()
    first, second = new_id(), new_id()

    count = sweep(
        queue, [task("jobs.advance", finds(first)), task("callbacks.handle", finds(second))], "sandbox", utc_now()
    )

    assert count == 2
    assert queue.woken == [("jobs.advance", first), ("callbacks.handle", second)]


def test_sweep_adds_nothing_to_a_full_queue(app: Flask):
    queue = FullQueue()

    assert sweep(queue, [task("jobs.advance", finds(new_id()))], "sandbox", utc_now()) == 0
    assert queue.woken == []


def test_sweep_takes_a_bounded_number(app: Flask):
    queue = RecordingQueue()

    many = task("x", finds(*(new_id() for _ in range(MOST_AT_ONCE + 50))))

    assert sweep(queue, [many], "sandbox", utc_now()) == MOST_AT_ONCE


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception("gone")), ConnectionError("queue gone")])
def test_clock_outlives_a_database_or_queue_that_is_down(app: Flask, tmp_path: Path, error: Exception):
    queue = RecordingQueue()
    row_id, stop, ticks = new_id(), Event(), []

    def find_due(session: Session, environment: str, now: Any, limit: int) -> Sequence[UUID]:
        ticks.append(now)
        if len(ticks) < 3:
            raise error
        stop.set()
        return [row_id]

    features = Features([Feature("jobs", 0, tasks=(task("jobs.advance", find_due),))])
    settings = make_settings(tmp_path, sweep_every=0.01)
    replace(context_of(app), queue=queue, features=features, settings=settings).install(app)
    clock = Thread(target=run_clock, args=(app, PeriodicRunner(app, []), stop))
    clock.start()
    clock.join(10)

    assert not clock.is_alive()
    assert queue.woken == [("jobs.advance", row_id)]


def test_clock_starts_periodic_work_at_each_tick_and_outlives_its_failure(app: Flask, tmp_path: Path):
    queue = RecordingQueue()
    stop, ticks = Event(), []

    class FailingRunner:
        def start_due(self) -> None:
            ticks.append(1)
            if len(ticks) == 3:
                stop.set()
            raise OperationalError("UPDATE", {}, Exception("gone"))

    runner: Any = FailingRunner()

    settings = make_settings(tmp_path, sweep_every=0.001)
    replace(context_of(app), queue=queue, settings=settings).install(app)

    run_clock(app, runner, stop)

    assert len(ticks) == 3


@pytest.mark.parametrize("found", REGISTERED.tasks, ids=lambda found: found.name)
def test_every_query_for_due_rows_runs(app: Flask, database: Database, found: Task):
    with database.reading() as session:
        assert found.find_due is None or list(found.find_due(session, "sandbox", utc_now(), 10)) == []


def test_task_that_fails_is_logged_without_its_words_and_takes_nobody_along(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def fail(row_id: UUID) -> None:
        raise ValueError("canary 22212345678")

    failing = Feature("jobs", 0, tasks=(Task("jobs.advance", fail),))
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test")
    replace(context_of(app), features=Features([failing]), queue=queue).install(app)
    register_tasks(app)
    queue.wake("jobs.advance", new_id())

    queue.huey.execute(queue.huey.dequeue())

    logged = capsys.readouterr()
    assert "task_failed" in logged.out
    assert "ValueError" in logged.out
    assert "22212345678" not in logged.out + logged.err
