"""The queue of this deployment. It only wakes tasks early: the rows are the truth, and a lost task is found again."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import redis
import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import make_url
from sqlmodel import Session

from dashboard.context import current

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT = 10  # seconds
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
    """Tasks by name, each taking the id of one row; slices wake them, `cli` registers what runs them."""

    def __init__(self, url: str, name: str) -> None:
        self.huey = _build(url, name)
        self._tasks: dict[str, RunTask] = {}
        self._run = self.huey.task(name="run")(self._run_named)

    def register(self, name: str, run: RunTask) -> None:
        self._tasks[name] = run

    def wake(self, name: str, *row_ids: UUID) -> None:
        self._run(name, *map(str, row_ids))

    def is_busy(self, limit: int) -> bool:
        """Whether `limit` tasks wait already; the sweep adds none then, it will find the same rows again."""
        return bool(self.huey.pending_count() >= limit)

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


def open_queue(url: str, database_url: str) -> Queue:
    """Deployments may share one Redis or PostgreSQL: the queue is named after the database that its rows are in."""
    name = f"desk-{sha256(database_url.encode()).hexdigest()[:12]}"
    return RecordingQueue() if url == "recording" else Queue(url, name)


def wake(name: str, *row_ids: UUID) -> None:
    """Call it after the commit: a task that runs sooner would not see the row."""
    try:
        current().queue.wake(name, *row_ids)
    except QUEUE_ERRORS as error:
        # What was committed is not undone by this, and nobody should do it twice: the sweep finds the row.
        log.warning("not_woken", task=name, error=type(error).__name__)


def _build(url: str, name: str) -> Huey:
    common: dict[str, Any] = {"results": False, "utc": True, "serializer": JsonMessages()}
    if url.startswith("redis"):
        return RedisHuey(name, url=url, **common)
    if url.startswith("postgres"):
        return _build_on_postgres(url.replace("postgresql+psycopg://", "postgresql://"), name, common)
    path = Path(make_url(url).database or "queue.db")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a WAL: huey opens it with Python's own SQLite, and old ones can corrupt a WAL that two processes share.
    return SqliteHuey(name, filename=str(path), journal_mode="truncate", fsync=False, **common)


def _build_on_postgres(dsn: str, name: str, common: dict[str, Any]) -> PostgresHuey:
    """huey makes its tables now. "If not exists" fails where two processes do that at once, so they take turns."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as turn:
        turn.execute("SELECT pg_advisory_lock(hashtext('partner desk: tables of the queue'))")
        return PostgresHuey(name, dsn=dsn, **common)
