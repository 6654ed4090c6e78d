"""A queue that is away: pages go on, the clock runs what is due, the log stays short, and it comes back by itself."""

import time
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from flask import Flask

from dashboard.context import context_of
from dashboard.db import new_id
from dashboard.feature import Feature, Features
from dashboard.health.running import check_health
from dashboard.health_checks import State
from dashboard.worker.consumer import QueueConsumer, QueueWorker
from dashboard.worker.direct import DirectRunner
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.process import register_tasks
from dashboard.worker.queue import QUEUE_ERRORS, Queue, Task, wake
from dashboard.worker.schedule import run_clock
from tests.conftest import make_settings

pytestmark = pytest.mark.both_engines

NOBODY = {  # nothing listens there
    "redis": "redis://127.0.0.1:9/0",
    "postgresql": "postgresql://desk@127.0.0.1:9/desk",
}


@pytest.mark.parametrize("kind", NOBODY)
def test_process_starts_while_its_queue_is_away(kind: str):
    queue = Queue(NOBODY[kind], "test")

    assert not queue.answers()
    assert queue.is_away()


def test_file_that_was_deleted_is_made_again(tmp_path: Path):
    path = tmp_path / "queue.db"
    web, worker = Queue(f"sqlite:///{path}", "test"), Queue(f"sqlite:///{path}", "test")
    rows: list[UUID] = []
    worker.register("jobs.advance", rows.append)
    lost, found = new_id(), new_id()
    web.wake("jobs.advance", lost)
    for file in tmp_path.glob("queue.db*"):
        file.unlink()

    web.wake("jobs.advance", found)
    task = worker.take()
    assert task is not None
    worker.huey.execute(task)

    assert rows == [found]  # the row of the other is still due, and the sweep finds it
    assert not web.outages.is_on
    assert not worker.outages.is_on


def test_tables_that_were_dropped_are_made_again(tmp_path: Path):
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test")
    queue.wake("jobs.advance", new_id())
    queue.huey.storage.sql("drop table task")

    with pytest.raises(QUEUE_ERRORS):
        queue.take()

    assert queue.answers()
    queue.wake("jobs.advance", new_id())
    assert queue.is_busy(1)


def test_folder_of_the_queue_that_is_gone_is_made_again(tmp_path: Path):
    folder = tmp_path / "queue"
    queue = Queue(f"sqlite:///{folder / 'queue.db'}", "test")
    queue.wake("jobs.advance", new_id())
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

    assert queue.answers()


def test_pages_try_a_queue_that_is_away_now_and_then_only(app: Flask, capsys: pytest.CaptureFixture[str]):
    queue = Queue(NOBODY["redis"], "test")
    replace(context_of(app), queue=queue).install(app)
    capsys.readouterr()

    with app.app_context():
        for _ in range(200):
            wake("jobs.advance", new_id())

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "part_away" not in line] == []
    assert len(lines) == 1


def test_threads_of_the_consumer_wait_and_log_one_line(capfd: pytest.CaptureFixture[str]):
    queue = Queue(NOBODY["redis"], "test")
    consumer = QueueConsumer(queue, workers=4, initial_delay=0.05, max_delay=0.2)
    for _, thread in consumer.worker_threads:
        thread.start()
    consumer.scheduler.start()

    time.sleep(3)
    consumer.stop(graceful=True)

    said = capfd.readouterr()
    lines = (said.out + said.err).splitlines()
    assert len(lines) == 1, lines
    assert "part_away" in lines[0]


def test_bytes_of_others_in_the_queue_are_one_line_and_the_next_task_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    queue, rows = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test"), []
    queue.register("jobs.advance", rows.append)
    queue.huey.storage.enqueue(b"canary")
    queue.wake("jobs.advance", new_id())
    worker = QueueWorker(queue, Event(), 0.01, 0.01, 1.0)

    worker.loop()
    worker.loop()

    said = capfd.readouterr()
    assert len(rows) == 1
    assert (said.out + said.err).count("\n") == 1
    assert "canary" not in said.out + said.err


def test_clock_runs_what_is_due_while_the_queue_is_away(app: Flask, tmp_path: Path):
    queue = Queue(NOBODY["redis"], "test")
    rows, ran, stop = [new_id() for _ in range(20)], [], Event()

    def run(row_id: UUID) -> None:
        ran.append(row_id)
        if len(ran) == len(rows):
            stop.set()

    def find_due(*_: object) -> list[UUID]:
        return [row_id for row_id in rows if row_id not in ran]

    features = Features([Feature("jobs", 0, tasks=(Task("jobs.advance", run, find_due),))])
    replace(
        context_of(app), queue=queue, features=features, settings=make_settings(tmp_path, sweep_every=0.01)
    ).install(app)
    register_tasks(app)
    clock = Thread(target=run_clock, args=(app, PeriodicRunner(app, []), stop))
    clock.start()
    clock.join(60)

    assert not clock.is_alive()
    assert sorted(ran) == sorted(rows)  # each once


def test_row_that_runs_already_is_not_taken_again(tmp_path: Path):
    queue, go_on, ran = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test"), Event(), []

    def run(row_id: UUID) -> None:
        go_on.wait(60)
        ran.append(row_id)

    queue.register("jobs.advance", run)
    direct, row_id = DirectRunner(queue), new_id()
    for _ in range(10):
        direct.wake("jobs.advance", row_id)
    was_busy = direct.is_busy(1)
    go_on.set()
    while direct.is_busy(1):
        time.sleep(0.01)
    direct.wake("jobs.advance", row_id)
    while direct.is_busy(1):
        time.sleep(0.01)
    direct.close()

    assert was_busy
    assert ran == [row_id, row_id]


@pytest.mark.parametrize("kind", NOBODY)
def test_health_asks_the_queue_and_names_it(app: Flask, kind: str):
    url = NOBODY[kind]
    replace(context_of(app), queue=Queue(url, "test"), settings=make_settings(Path(), queue_url=url)).install(app)

    with app.app_context(), context_of(app).database.reading() as session:
        (found,) = [result.finding for result in check_health(session) if result.name == "Queue"]

    assert found.state == State.BAD
    assert found.sentence == f"The queue does not answer: {'Redis' if kind == 'redis' else 'PostgreSQL'}."
