"""The database: one engine, and transactions that begin and end in plain sight. Tables live in their slices."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import Connection, DateTime, Dialect, Engine, String, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from dashboard.crypto import KeyRing
from dashboard.smile.typed import fold

try:
    # Web and worker share one WAL; SQLite before 3.51.3 can corrupt it then, and most Pythons carry an older one.
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # On platforms without that wheel, `dashboard doctor` says whether the bundled one is safe.
    import sqlite3 as sqlite  # the same DB-API under its other name

BUSY_TIMEOUT_MS = 5000
READING = (
    "journal_mode=WAL",
    # FULL: what was committed is still there after a power cut, and callbacks are acknowledged after a commit.
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "secure_delete=ON",  # What is erased is overwritten in the file, not only forgotten.
)
#: What is written again and again, such as the pages of an index, is kept at hand and moved from the WAL once.
WRITING = (*READING, "cache_size=-32768", "wal_autocheckpoint=8000")
#: The SQLite that all databases here are opened with.
SQLITE = sqlite

Read = Callable[[], AbstractContextManager[Session]]


def new_id() -> UUID:
    """A UUIDv7: unique, and in order of creation, so that lists page by id alone."""
    return uuid_utils.compat.uuid7()


def first_id_of(moment: datetime) -> UUID:
    """Before every id that was made from then on. ValueError before 1970."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def utc_now() -> datetime:
    return datetime.now(UTC)


#: An id that is searched by its beginning. PostgreSQL compares byte by byte then, whatever language it speaks.
IdText = String().with_variant(String(collation="C"), "postgresql")


def folded_from(name: str) -> dict[str, Any]:
    """For a column that is searched in place of the column `name`: what an INSERT leaves out follows from that one."""

    def default(context: DefaultExecutionContext) -> str | None:
        written = context.get_current_parameters().get(name)  # type: ignore[no-untyped-call]
        return None if written is None else fold(written)

    return {"default": default}


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time. Stored as UTC and always read back as UTC, on SQLite too, which knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone says nothing")
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # PostgreSQL answers in the zone of its own settings.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum kept as its plain text: a new member needs no migration, and the database reads like the code."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


class Database:
    """The engine of one process. Sessions carry the key ring, so that sealed fields open where they are read."""

    def __init__(self, url: str, keyring: KeyRing) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else create_engine(_psycopg_url(url))
        # SQLite writes by one connection: each other one would read anew what this one has just changed.
        self._writer = _sqlite_engine(url, WRITING, pool_size=1, max_overflow=0) if self.is_sqlite else self.engine
        self._writing_engine = self._writer.execution_options(is_write=True)
        # SQLite reads from one snapshot by itself; PostgreSQL has to be asked for that.
        self._reading_engine = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._keyring = keyring
        self._to_stop: list[Callable[[], None]] = []
        self.commits = 0  # of this process; on SQLite one at a time, under the lock below
        # Threads that fight over SQLite's busy handler wait up to a hundred times longer than threads that queue.
        self._turn: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def keyring(self) -> KeyRing:
        return self._keyring

    def sibling(self, url: str) -> "Database":
        """Another database, whose sealed fields the same keys open."""
        return Database(url, self._keyring)

    def before_dispose(self, stop: Callable[[], None]) -> None:
        """`stop` ends what works on it in the background."""
        self._to_stop.append(stop)

    def stop_background(self) -> None:
        """Returns when nothing of this process works on it in the background any more."""
        while self._to_stop:
            self._to_stop.pop()()

    def dispose(self) -> None:
        """Closes the connections; the next use opens new ones."""
        self.stop_background()
        self.engine.dispose()
        self._writer.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction: all of it is committed at the end of the block, or nothing."""
        with self._turn:
            with Session(self._writing_engine, expire_on_commit=False, info={"keyring": self._keyring}) as session:
                yield session
                session.commit()
            self.commits += 1

    @contextmanager
    def transaction_of_statements(self) -> Iterator[Connection]:
        """The same for plain statements: making a session would take longer than a few of those."""
        with self._turn:
            with self._writing_engine.begin() as connection:
                yield connection
            self.commits += 1

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view of the data; nothing written here is kept."""
        with Session(self._reading_engine, expire_on_commit=False, info={"keyring": self._keyring}) as session:
            yield session


#: Of SQL itself, as PostgreSQL tells them: a serialization failure, and a deadlock.
LOST_RACES = frozenset({"40001", "40P01"})


def lost_a_race(error: DBAPIError) -> bool:
    """Whether another transaction came first, so that the same transaction may succeed when it is tried again."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in LOST_RACES


def database_now(session: Session) -> datetime:
    """The clock that all machines share: that of PostgreSQL, since theirs may differ; SQLite has only one machine."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    now: datetime = session.connection().execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def insert_into(session: Session, table: type[SQLModel]) -> postgresql.Insert | sqlite_dialect.Insert:
    """An INSERT with ON CONFLICT, for which SQLAlchemy has one class for each engine."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite_dialect.insert(table) if is_sqlite else postgresql.insert(table)


def keyring_of(session: Session) -> KeyRing:
    keyring = session.info["keyring"]
    assert isinstance(keyring, KeyRing)
    return keyring


def _psycopg_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _sqlite_engine(url: str, pragmas: Sequence[str] = READING, **pool: int) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, module=sqlite, **pool)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # We say BEGIN ourselves, below.
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock first: a transaction that reads and then writes cannot fail half-way.
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    return engine
