"""The queue of this deployment. It only wakes tasks early: the rows are the truth, and a lost task is found again."""

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
    """What a worker runs for one row. `find_due` finds the rows again whose waking was lost, or whose time has come."""

    name: str  # <slice>.<verb>
    run: RunTask
    find_due: FindDue | None = None


#: How each kind of queue says that it cannot be reached.
QUEUE_ERRORS = (sqlite3.Error, psycopg.Error, redis.RedisError, OSError)


class JsonMessages(Serializer):  # type: ignore[misc]  # huey has no types
    """huey's own way runs whatever bytes it finds in the queue; a task of ours is a name and ids of rows."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


class Queue:
    """Tasks by name, each taking the id of one row; slices wake them, `cli` registers what runs them.

    Whatever is asked of it raises one of QUEUE_ERRORS while it is away; `outages` tells the log, once.
    """

    def __init__(self, url: str, name: str) -> None:
        self.huey = _build(url, name)
        self.outages = OutageLog("queue")
        self._tasks: dict[str, RunTask] = {}
        self._run = self.huey.task(name="run")(self._run_named)

    def register(self, name: str, run: RunTask) -> None:
        self._tasks[name] = run

    def wake(self, name: str, *row_ids: UUID) -> None:
        """While the queue is known to be away nobody waits for another try: the sweep finds the rows."""
        if self.outages.is_time_to_try:
            with self._asked():
                self._run(name, *map(str, row_ids))

    def take(self) -> Any:
        """The next task for `huey.execute`; None where none waits."""
        with self._asked():
            return self.huey.dequeue()

    def is_busy(self, limit: int) -> bool:
        """Whether `limit` tasks wait already; the sweep adds none then, it will find the same rows again."""
        with self._asked():
            return bool(self.huey.pending_count() >= limit)

    def is_away(self) -> bool:
        """Asks it now and then; in between the last answer counts."""
        return not self.outages.is_time_to_try or not self.answers()

    def answers(self) -> bool:
        """Asks it at once."""
        try:
            self.is_busy(1)
        except QUEUE_ERRORS:
            return False
        return True

    def run(self, name: str, row_id: UUID) -> None:
        """Here and now, without the queue."""
        self._tasks[name](row_id)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except QUEUE_ERRORS as error:
            self.outages.failed(type(error).__name__)
            with suppress(AttributeError, *QUEUE_ERRORS):  # Another thread may be closing it.
                self.huey.storage.close()  # The next try connects again, and makes what is missing.
            raise
        self.outages.worked()

    def _run_named(self, name: str, *row_ids: str) -> None:
        for row_id in row_ids:
            self._tasks[name](UUID(row_id))


class RecordingQueue(Queue):
    """Runs nothing and keeps what was woken, in order, for a test to look at."""

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
    """Deployments may share one Redis or PostgreSQL: the queue is named after the database that its rows are in."""
    name = f"desk-{sha256(database_url.encode()).hexdigest()[:12]}"
    return RecordingQueue() if url == RECORDING else Queue(url, name)


def wake(name: str, *row_ids: UUID) -> None:
    """Call it after the commit: a task that runs sooner would not see the row."""
    # What was committed is not undone by a queue that is away, and nobody should do it twice: the sweep finds the row.
    with suppress(*QUEUE_ERRORS):
        current().queue.wake(name, *row_ids)


def _build(url: str, name: str) -> Huey:
    common: dict[str, Any] = {"results": False, "utc": True, "serializer": JsonMessages()}
    if url.startswith("redis"):
        return RedisHuey(name, connection_pool=redis_pool(url), **common)
    if url.startswith("postgres"):
        dsn = url.replace("postgresql+psycopg://", "postgresql://")
        return PostgresHuey(name, dsn=dsn, storage_class=PostgresQueueStorage, **common)
    # Without a WAL: huey opens it with Python's own SQLite, and old ones can corrupt a WAL that two processes share.
    path = make_url(url).database or "queue.db"
    return SqliteHuey(
        name, filename=path, storage_class=SqliteQueueStorage, journal_mode="truncate", fsync=False, **common
    )
