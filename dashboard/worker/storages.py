"""huey's storages, made to recover: each creates its tables, and its file, whenever it connects."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import redis
from huey.storage import PostgresStorage, SqliteStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS = 3


class SqliteQueueStorage(SqliteStorage):  # type: ignore[misc]  # huey has no types
    """Creates a deleted file again. SQLite would go on with the old one, which has no name any more."""

    def __init__(self, name: str, filename: str, **options: Any) -> None:
        self._opened: tuple[int, int] | None = None
        self._folder = Path(filename).parent
        self._conn: sqlite3.Connection | None
        super().__init__(name, filename, create_tables=False, **options)

    @property
    def conn(self) -> sqlite3.Connection:
        if self._conn is not None and self._file() != self._opened:
            self._conn.close()
            self._conn = None
        connection: sqlite3.Connection = super().conn
        return connection

    def _create_connection(self) -> sqlite3.Connection:
        self._folder.mkdir(parents=True, exist_ok=True)
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute(self.begin_sql)
        for statement in self.ddl:
            connection.execute(statement)
        connection.execute("commit")
        self._opened = self._file()
        return connection

    def _file(self) -> tuple[int, int] | None:
        with suppress(OSError):
            found = os.stat(self.filename)
            return found.st_dev, found.st_ino
        return None


class PostgresQueueStorage(PostgresStorage):  # type: ignore[misc]
    def __init__(self, name: str, dsn: str) -> None:
        waits = {} if "connect_timeout" in dsn else {"connect_timeout": CONNECT_SECONDS}
        super().__init__(name, dsn=dsn, create_tables=False, **waits)

    def _create_connection(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = self._connect()
        with connection.transaction():
            # "If not exists" fails if two processes create the same table at once, so they take turns.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('partner desk: tables of the queue'))")
            for statement in self.ddl:
                connection.execute(statement)
        return connection


def redis_pool(url: str) -> redis.ConnectionPool:
    """A pool that retries once, at once, and no more: a page or a thread with other work waits for it."""
    return redis.ConnectionPool.from_url(url, socket_connect_timeout=CONNECT_SECONDS, retry=Retry(NoBackoff(), 1))
