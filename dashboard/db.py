"""The database engine, explicit transactions, and column types. Tables are defined in their slices."""

import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    String,
    Uuid,
    any_,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as WaitedTooLong
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from dashboard.crypto import KeyRing
from dashboard.data_version import DataVersions, OncePerChange
from dashboard.outages import OutageLog, what_is_away
from dashboard.recorded_reads import Statement, digests_of_rows, let_reads_be_recorded
from dashboard.smile.typed import fold

try:
    # Web and worker share one WAL. SQLite before 3.51.3 can corrupt it, and most Pythons bundle an older version.
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # Without that wheel, `dashboard doctor` says whether the bundled one is safe.
    import sqlite3 as sqlite  # the same DB-API under its other name

BUSY_TIMEOUT_MS = 5000
#: PostgreSQL connections of one process: more than page threads, so that callbacks get one when all pages wait.
CONNECTIONS_KEPT, MOST_CONNECTIONS = 10, 40
#: What PostgreSQL calls the connections of web and worker, before the name of their schema.
SERVES = "partner-desk "
#: How long a thread waits for its turn to write, behind others that wait for another process's lock.
SECONDS_FOR_TURN = 10.0
READING = (
    # FULL: commits survive a power cut, which matters because callbacks are acknowledged after a commit.
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "secure_delete=ON",  # Erased data is overwritten in the file.
)
#: Pages that are written often, such as those of an index, stay in the cache and leave the WAL once.
WRITING = (*READING, "cache_size=-8192", "wal_autocheckpoint=8000")
#: The SQLite module that opens all databases here.
SQLITE = sqlite

Read = Callable[[], AbstractContextManager[Session]]
T = TypeVar("T")


def new_id() -> UUID:
    """A UUIDv7: unique and in order of creation, so that lists can be paged by id alone."""
    return uuid_utils.compat.uuid7()


def first_id_of(moment: datetime) -> UUID:
    """An id before every id made from that moment on. Raises ValueError before 1970."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def utc_now() -> datetime:
    return datetime.now(UTC)


#: The `ignored_types` of a table with hybrid methods, which work in Python and in SQL.
HYBRIDS = (hybrid_method, hybrid_property)
#: An id that is searched by prefix. PostgreSQL then compares byte by byte, whatever its locale.
IdText = String().with_variant(String(collation="C"), "postgresql")


class IdDigits(TypeDecorator[str]):
    """For reading thousands of ids: their 32 digits, in the same order, at a fraction of the cost of a UUID."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str:
        return value if isinstance(value, str) else str(value.hex)


def default_folded_from(name: str) -> dict[str, Any]:
    """The default of a column that is searched instead of the column `name`: that column's folded value."""

    def default(context: DefaultExecutionContext) -> str | None:
        written = context.get_current_parameters().get(name)  # type: ignore[no-untyped-call]
        return None if written is None else fold(written)

    return {"default": default}


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, stored and read as UTC, also on SQLite, which has no time zones."""

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
        # PostgreSQL answers in its configured zone.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as plain text, so that a new member needs no migration and the database reads like the code."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


@dataclass(frozen=True)
class TimeLimits:
    """Time limits for PostgreSQL in seconds; 0 means none, as for commands that move all data."""

    connect: float = 5.0
    lock: float = 0.0
    statement: float = 0.0
    serves: bool = False  # web or worker


class Database:
    """The database of one process. Sessions carry the key ring, so that sealed fields open where they are read."""

    def __init__(self, url: str, keyring: KeyRing, limits: TimeLimits = TimeLimits()) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgresql_engine(url, limits)
        # SQLite writes through one connection: any other would have to re-read what this one just changed.
        self._writer = _sqlite_engine(url, WRITING, pool_size=1, max_overflow=0) if self.is_sqlite else self.engine
        self._writing_engine = self._writer.execution_options(is_write=True)
        # SQLite reads from one snapshot by default; PostgreSQL has to be asked.
        self._reading_engine = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        for engine in {self.engine, self._writer}:
            let_reads_be_recorded(engine)
        self._keyring = keyring
        self._to_stop: list[Callable[[], None]] = []
        self.commits = 0  # of this process; on SQLite guarded by the lock below
        self.versions = DataVersions(self.engine, lambda: self.commits)
        self._once = OncePerChange()
        # Threads that compete through SQLite's busy handler wait up to 100 times longer than threads that queue.
        self._turn: Callable[[], AbstractContextManager[object]] = (
            _Turn(SECONDS_FOR_TURN).taken if self.is_sqlite else nullcontext
        )
        # Reads can go on when writes fail, such as on a full disk.
        self.reads = OutageLog("database")
        self.writes = OutageLog("database, for writing")

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def keyring(self) -> KeyRing:
        return self._keyring

    def sibling(self, url: str) -> "Database":
        """Another database with the same key ring."""
        return Database(url, self._keyring)

    def before_dispose(self, stop: Callable[[], None]) -> None:
        """Registers `stop`, which ends background work on this database."""
        self._to_stop.append(stop)

    def stop_background(self) -> None:
        """Ends this process's background work on the database and waits for it."""
        self.versions.close()
        while self._to_stop:
            self._to_stop.pop()()

    def dispose(self) -> None:
        """Closes the connections; the next use opens new ones."""
        self.stop_background()
        self.engine.dispose()
        self._writer.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction: at the end of the block everything is committed, or nothing."""
        with _logged(self.writes), self._turn():
            with Session(self._writing_engine, expire_on_commit=False, info={"keyring": self._keyring}) as session:
                yield session
                session.commit()
            self.commits += 1

    @contextmanager
    def transaction_of_statements(self) -> Iterator[Connection]:
        """A write transaction for plain statements, without the cost of a session."""
        with _logged(self.writes), self._turn():
            with self._writing_engine.begin() as connection:
                yield connection
            self.commits += 1

    @contextmanager
    def reading(self, *, shares: bool = False) -> Iterator[Session]:
        """One read transaction with a consistent view of the data; nothing written in it is kept.

        `shares`: what `once_per_change` reads in it is kept for other readers.
        """
        info: dict[str, Any] = {"keyring": self._keyring}
        if shares and (version := self.versions.ask()):
            info["once"] = partial(self._once.get, version)
        with _logged(self.reads), Session(self._reading_engine, expire_on_commit=False, info=info) as session:
            yield session

    def digests_of(self, statements: Sequence[Statement]) -> list[bytes]:
        """What each of these statements reads, in one transaction, as a digest. See `recorded_reads.py`."""
        with self._reading_engine.connect() as connection, connection.begin():
            return digests_of_rows(connection, statements)

    def takes_writes(self) -> bool:
        """Whether the database accepts writes; changes nothing.

        On SQLite it takes the write lock for a moment, and raises SQLAlchemyError if that fails.
        """
        with self._turn(), self._writing_engine.connect() as connection:
            connection.begin()
            return self.is_sqlite or connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"


class _Turn:
    """A lock for writers with a limit on the wait."""

    def __init__(self, seconds: float) -> None:
        self._lock = Lock()
        self._seconds = seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._seconds):
            raise WaitedTooLong("no turn to write in time")
        try:
            yield
        finally:
            self._lock.release()


@contextmanager
def _logged(outages: OutageLog) -> Iterator[None]:
    """Notes in `outages` whether the block failed because of an outage, or worked."""
    try:
        yield
    except SQLAlchemyError as error:
        if away := what_is_away(error):
            outages.failed(away.sentence)
        raise
    outages.worked()


#: PostgreSQL's codes for a serialization failure and a deadlock.
LOST_RACES = frozenset({"40001", "40P01"})


def lost_a_race(error: DBAPIError) -> bool:
    """Whether another transaction came first, so that a retry may succeed."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in LOST_RACES


def database_now(session: Session) -> datetime:
    """The time on the clock that all machines share: PostgreSQL's.

    SQLite runs on one machine, so its own clock will do.
    """
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    now: datetime = session.connection().execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def is_one_of(session: Session, column: Any, ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether the column holds one of the ids, given as `IdDigits`.

    They are one parameter, so that thousands are no long statement.
    """
    if session.get_bind().dialect.name == "sqlite":
        given = func.json_each(json.dumps(ids)).table_valued("value")
        named: ColumnElement[bool] = column.in_(select(given.c.value))
    else:
        named = column == any_(literal(ids, postgresql.ARRAY(Uuid(as_uuid=False))))
    return named


def insert_into(session: Session, table: type[SQLModel]) -> postgresql.Insert | sqlite_dialect.Insert:
    """An INSERT that can take ON CONFLICT; SQLAlchemy has one class for each engine."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite_dialect.insert(table) if is_sqlite else postgresql.insert(table)


def once_per_change(session: Session, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` reads in this transaction, kept until anybody commits anything. See `data_version.py`."""
    if "once" not in session.info:
        return make()
    kept: T = session.info["once"](key, make)
    return kept


def keyring_of(session: Session) -> KeyRing:
    keyring = session.info["keyring"]
    assert isinstance(keyring, KeyRing)
    return keyring


def _postgresql_engine(url: str, limits: TimeLimits) -> Engine:
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    # Parameters in the URL take precedence.
    waits = {"connect_timeout": max(1, round(limits.connect)), "tcp_user_timeout": round(limits.connect * 2000)}
    engine = create_engine(
        parsed,
        pool_size=CONNECTIONS_KEPT,
        max_overflow=MOST_CONNECTIONS - CONNECTIONS_KEPT,
        connect_args={name: value for name, value in waits.items() if name not in parsed.query},
        pool_pre_ping=True,  # After a restart of PostgreSQL, old connections are dead.
        pool_timeout=limits.lock or 30,
    )

    @event.listens_for(engine, "connect")
    def set_limits(connection: Any, _: Any) -> None:
        for name, seconds in (("lock_timeout", limits.lock), ("statement_timeout", limits.statement)):
            if seconds:
                connection.execute("SELECT set_config(%s, %s, false)", (name, str(round(seconds * 1000))))
        if limits.serves:
            name = "SELECT set_config('application_name', %s || current_schema(), false)"
            connection.execute(name, (SERVES,))
        connection.commit()

    return engine


def _use_wal(connection: Any) -> None:
    """Switches to WAL, and waits while other processes write: for a new file SQLite would fail at once."""
    give_up_at = monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite.SQLITE_BUSY or monotonic() > give_up_at:
                raise
        sleep(0.01)


def _sqlite_engine(url: str, pragmas: Sequence[str] = READING, **pool: int) -> Engine:
    path = make_url(url).database
    if path:
        with suppress(OSError):  # Connecting reports it, like any other outage.
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    # Each connection has a cache of its own: the fewer are used in turn, the less memory they take.
    engine = create_engine(url, module=sqlite, pool_use_lifo=True, **pool)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is issued below.
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        _use_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock first, so a transaction that reads and then writes cannot fail half-way.
        if connection.get_execution_options().get("is_write", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # It cannot fail, and every request has some, so SQLAlchemy is spared.
            connection.connection.driver_connection.execute("BEGIN")

    return engine
