"""Alembic migrations, and what the commands ask of them: bring it up to date, and is it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dashboard.db import Database

#: A number of our own for PostgreSQL's advisory locks: one process at a time changes the tables.
LOCK = 0x5C4E3A
#: Whoever comes second on SQLite waits for the write lock as long as the migrations of the first may take.
WAIT_MS = 3_600_000


def upgrade(database: Database, revision: str = "head") -> None:
    """Several that do so at once wait for each other: the first changes the tables, the others find them changed."""
    config = _config()
    with _alone(database) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection that holds the lock of migrations. It is closed at the end, and its settings with it."""
    with database.engine.connect().execution_options(is_write=True) as connection:
        connection.detach()
        if database.is_sqlite:
            # From outside a transaction; the next one begins with the write lock.
            connection.connection.dbapi_connection.execute(f"PRAGMA busy_timeout={WAIT_MS}")  # type: ignore[union-attr]
            yield connection
            return
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (LOCK,))
        connection.commit()
        yield connection


def is_current(database: Database) -> bool:
    return present_revision(database) == newest_revision()


def present_revision(database: Database) -> str | None:
    """That of the tables as they are; None where there are none."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str | None:
    """That which this version of the program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of the program can bring tables of that revision up to date."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
