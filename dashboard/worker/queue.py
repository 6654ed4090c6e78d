"""The queue of this deployment. It only wakes tasks early: rows say what is due, so a lost task is found again."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import redis
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import make_url
from sqlmodel import Session

from dashboard.config import RECORDING
from dashboard.context import current
from dashboard.outages import OutageLog
from dashboard.worker.storages import PostgresQueueStorage, SqliteQueueStorage, redis_pool

RunTask = Callable[[UUID], None]
#: (session, environment, now, limit) -> ids of the rows that are due.
FindDue = Callable[[Session, str, datetime, int], Sequence[UUID]]


@dataclass(frozen=True)
class Task:
    """What a worker runs for one row. `find_due` finds rows whose time has come, or whose wake-up was lost."""

    name: str  # <slice>.<verb>
    run: RunTask
    find_due: FindDue | None = None


#: What each kind of queue raises when it cannot be reached.
QUEUE_ERRORS = (sqlite3.Error, psycopg.Error, redis.RedisError, OSError)


class JsonMessages(Serializer):  # type: ignore[misc]  # huey has no types
    """Stores a task as JSON: a name and ids of rows. huey's own way runs whatever bytes it finds in the queue."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


class Queue:
    """Tasks by name, each taking the id of one row. Slices wake them; the worker registers what runs them.

    While the queue is down, using it raises one of QUEUE_ERRORS; `outages` logs that once.
    """

    def __init__(self, url: str, name: str) -> None:
        self.huey = _build(url, name)
        self.outages = OutageLog("queue")
        self._tasks: dict[str, RunTask] = {}
        self._run = self.huey.task(name="run")(self._run_named)

    def register(self, name: str, run: RunTask) -> None:
        self._tasks[name] = run

    def wake(self, name: str, *row_ids: UUID) -> None:
        """Wakes a task for these rows, unless the queue is known to be down: then the sweep finds them."""
        if self.outages.is_time_to_try:
            with self._asked():
                self._run(name, *map(str, row_ids))

    def take(self) -> Any:
        """The next task for `huey.execute`; None if none waits."""
        with self._asked():
            return self.huey.dequeue()

    def is_busy(self, limit: int) -> bool:
        """Whether `limit` tasks are waiting. The sweep then adds none, and finds the same rows again later."""
        with self._asked():
            return bool(self.huey.pending_count() >= limit)

    def is_away(self) -> bool:
        """Whether the queue is down. It is asked now and then; in between the last answer counts."""
        return not self.outages.is_time_to_try or not self.answers()

    def answers(self) -> bool:
        """Whether the queue answers now."""
        try:
            self.is_busy(1)
        except QUEUE_ERRORS:
            return False
        return True

    def run(self, name: str, row_id: UUID) -> None:
        """Runs a task here and now, without the queue."""
        self._tasks[name](row_id)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except QUEUE_ERRORS as error:
            self.outages.failed(type(error).__name__)
            with suppress(AttributeError, *QUEUE_ERRORS):  # Another thread may be closing it.
                self.huey.storage.close()  # The next try connects again, and creates what is missing.
            raise
        self.outages.worked()

    def _run_named(self, name: str, *row_ids: str) -> None:
        for row_id in row_ids:
            self._tasks[name](UUID(row_id))


class RecordingQueue(Queue):
    """For tests: runs nothing and records what was woken, in order."""

    def __init__(self) -> None:  # without huey: there is nothing to store
        self.woken: list[tuple[str, UUID]] = []

    def wake(self, name: str, *row_ids: UUID) -> None:
        self.woken += [(name, row_id) for row_id in row_ids]

    def is_busy(self, limit: int) -> bool:
        return False

    def is_away(self) -> bool:
        return False

    def answers(self) -> bool:
        return True


def open_queue(url: str, database_url: str) -> Queue:
    """Opens the queue. It is named after the database, since deployments may share one Redis or PostgreSQL."""
    name = f"desk-{sha256(database_url.encode()).hexdigest()[:12]}"
    return RecordingQueue() if url == RECORDING else Queue(url, name)


def wake(name: str, *row_ids: UUID) -> None:
    """Wakes a task. Call it after the commit: a task that runs sooner would not see the row."""
    # A queue that is down must not make committed work look failed: the sweep finds the row.
    with suppress(*QUEUE_ERRORS):
        current().queue.wake(name, *row_ids)


def _build(url: str, name: str) -> Huey:
    common: dict[str, Any] = {"results": False, "utc": True, "serializer": JsonMessages()}
    if url.startswith("redis"):
        return RedisHuey(name, connection_pool=redis_pool(url), **common)
    if url.startswith("postgres"):
        dsn = url.replace("postgresql+psycopg://", "postgresql://")
        return PostgresHuey(name, dsn=dsn, storage_class=PostgresQueueStorage, **common)
    # Without a WAL: huey opens it with Python's own SQLite, and old versions can corrupt a shared WAL.
    path = make_url(url).database or "queue.db"
    return SqliteHuey(
        name, filename=path, storage_class=SqliteQueueStorage, journal_mode="truncate", fsync=False, **common
    )
