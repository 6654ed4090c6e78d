"""Alembic migrations: upgrades the tables, and tells whether they are up to date."""

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

#: Our number for a PostgreSQL advisory lock: only one process at a time changes the tables.
LOCK = 0x5C4E3A
#: On SQLite, how long a second process waits for the write lock while the first one migrates.
WAIT_MS = 3_600_000


def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrades the tables. Of several processes at once the first does it, and the others wait for it."""
    config = _config()
    with _alone(database) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection that holds the lock for migrations. It is closed at the end, which resets its settings."""
    with database.engine.connect().execution_options(is_write=True) as connection:
        connection.detach()
        if database.is_sqlite:
            # Outside a transaction. The next one begins with the write lock.
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
    """The revision of the current tables; None if there are none."""
    # Alembic makes a new description of its table for each call, and the cache of statements would keep them all.
    with database.engine.connect().execution_options(compiled_cache=None) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str | None:
    """The revision that this version of the program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of the program can upgrade tables of that revision."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def is_described(name: str | None, kind: str, _: object = None) -> bool:
    """Whether the models describe a table or index. They do not describe the trigrams, which each engine has its way.

    For Alembic, when it compares the tables with the models.
    """
    return not (name or "").startswith(("callback_search_trigrams", "ix_callback_search_trigrams"))
