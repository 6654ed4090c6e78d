"""Gives the space of deleted data back to the disk, while nobody else has the database open.

Interrupted at any time, it leaves the data as it was, and can be run again. Only `compact` does this: while web and
worker run, new data takes the place of deleted data.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboard.backups.offline import refuse_while_in_use
from dashboard.backups.postgres_copy import SECONDS_FOR_LOCKS, quoted
from dashboard.backups.space import COMPACT_SPEED, Need, Say, announce, ignore, size_of_data, sizes_of_tables
from dashboard.backups.sqlite_copy import IN_USE, path_of
from dashboard.db import SQLITE, Database
from dashboard.errors import Conflict

#: PostgreSQL's code for a lock that was not to be had in time.
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Sizes:
    """The bytes of the database."""

    before: int
    after: int


def compact_database(database: Database, say: Say = ignore) -> Sizes:
    data = size_of_data(database)
    refuse_while_in_use(database)
    if not database.is_sqlite:
        return _compact_tables(database, say)
    sizes = _compact_file(path_of(database), data, say)
    with database.reading() as session:
        session.connection()  # Opening it switches back to WAL.
    return sizes


def _compact_file(path: Path, data: int, say: Say) -> Sizes:
    """Copies the data into a small file, and from there over the large one, in one transaction of SQLite.

    A plain VACUUM would first copy all data into memory, as the SQLite of our wheel keeps temporary files there.
    """
    before = path.stat().st_size
    # The small file, and a journal with what it replaces.
    announce([Need(data + before, path.parent)], (data + before) / COMPACT_SPEED, say)
    try:
        with closing(SQLITE.connect(path, timeout=0, isolation_level=None)) as connection:
            # The first transaction takes the lock that keeps all others out until the connection is closed.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.executescript("BEGIN EXCLUSIVE; COMMIT")
            _replace(connection, path.with_name(f".{path.name}.compact"))
    except SQLITE.OperationalError as error:
        is_busy = error.sqlite_errorcode & 0xFF in (SQLITE.SQLITE_BUSY, SQLITE.SQLITE_LOCKED)
        raise Conflict(IN_USE if is_busy else f"Nothing was changed: SQLite says {error}.") from None
    return Sizes(before, path.stat().st_size)


def _replace(connection: Any, aside: Path) -> None:
    aside.unlink(missing_ok=True)  # of a run that was killed
    try:
        connection.execute("VACUUM INTO ?", (str(aside),))
        with closing(SQLITE.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True)) as small:
            small.backup(connection)
    finally:
        aside.unlink(missing_ok=True)


def _compact_tables(database: Database, say: Say) -> Sizes:
    """Rewrites each table in its own transaction and gathers statistics for the query planner."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # Closed at the end, since it has a limit of its own.
        before = sizes_of_tables(connection)
        # A table is there twice for a moment, and PostgreSQL's own log of changes has it too.
        announce([Need(2 * max(before.values(), default=0), None)], sum(before.values()) / COMPACT_SPEED, say)
        limit = text("SELECT set_config('lock_timeout', :limit, false)")
        connection.execute(limit, {"limit": f"{SECONDS_FOR_LOCKS}s"})
        try:
            for table in before:
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {quoted(connection, table)}"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise Conflict(IN_USE) from None
            raise
        return Sizes(sum(before.values()), sum(sizes_of_tables(connection).values()))
