"""The queue only wakes early: what it loses, or cannot take, is found again by the sweep."""

import json
import pickle
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from flask import Flask
from huey import PostgresHuey, RedisHuey, SqliteHuey

from dashboard.context import context_of
from dashboard.db import new_id
from dashboard.worker import queue as queue_module
from dashboard.worker.queue import Queue, RecordingQueue, open_queue, wake


def test_woken_task_runs_with_the_id_of_its_row(app: Flask, tmp_path: Path):
    rows: list[UUID] = []
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test")
    queue.register("jobs.advance", rows.append)
    replace(context_of(app), queue=queue).install(app)
    row_id = new_id()

    with app.app_context():
        wake("jobs.advance", row_id)
    queue.huey.execute(queue.huey.dequeue())

    assert rows == [row_id]


def test_recording_queue_keeps_the_order_and_runs_nothing():
    queue = open_queue("recording", "sqlite://")
    rows = [new_id(), new_id()]

    queue.wake("callbacks.handle", *rows)
    queue.wake("jobs.advance", rows[0])

    assert isinstance(queue, RecordingQueue)
    assert queue.woken == [("callbacks.handle", rows[0]), ("callbacks.handle", rows[1]), ("jobs.advance", rows[0])]
    assert not queue.is_busy(1)


def test_tasks_wait_in_the_file_until_somebody_runs_them(tmp_path: Path):
    queue = Queue(f"sqlite:///{tmp_path / 'sub' / 'queue.db'}", "test")

    for _ in range(3):
        queue.wake("jobs.advance", new_id())

    assert isinstance(queue.huey, SqliteHuey)
    assert queue.is_busy(3)
    assert not queue.is_busy(4)


def test_a_task_comes_back_as_it_was_and_bytes_of_others_are_not_run(tmp_path: Path):
    queue, rows = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "test"), [new_id(), new_id()]
    seen: list[UUID] = []
    queue.register("jobs.advance", seen.append)
    queue.wake("jobs.advance", *rows)
    waiting = queue.huey.storage.enqueued_items()
    task = queue.huey.dequeue()

    queue.huey.storage.enqueue(pickle.dumps(Path("canary")))
    with pytest.raises(ValueError, match="codec"):
        queue.huey.dequeue()
    queue.huey.execute(task)

    assert [json.loads(item)[6] for item in waiting] == [["jobs.advance", *map(str, rows)]]
    assert seen == rows


@pytest.mark.parametrize(
    ("url", "kind"), [("redis://127.0.0.1:1/0", RedisHuey), ("postgresql+psycopg://u@127.0.0.1:1/x", PostgresHuey)]
)
def test_address_chooses_the_kind_of_queue(monkeypatch: pytest.MonkeyPatch, url: str, kind: type):
    made: dict[str, Any] = {}

    class Recorded(kind):  # type: ignore[misc]  # the base is chosen by the test
        def __init__(self, name: str, **options: Any) -> None:
            made.update(options)

    monkeypatch.setattr(queue_module, kind.__name__, Recorded)

    assert isinstance(queue_module._build(url, "test"), kind)
    assert made["results"] is False
    if kind is RedisHuey:
        assert made["connection_pool"].connection_kwargs["port"] == 1
    else:
        assert made["dsn"] == "postgresql://u@127.0.0.1:1/x"


@pytest.mark.parametrize("error", [sqlite3.OperationalError("locked"), redis.ConnectionError("gone"), OSError("full")])
def test_queue_that_is_down_undoes_nothing(app: Flask, error: Exception):
    """The job is committed by then: an error would make a person create, and pay for, a second one."""
    tried: list[object] = []

    class BrokenQueue:
        def wake(self, *given: object) -> None:
            tried.append(given)
            raise error

    broken: Any = BrokenQueue()
    replace(context_of(app), queue=broken).install(app)

    with app.app_context():
        wake("jobs.advance", new_id())

    assert len(tried) == 1
