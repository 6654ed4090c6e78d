"""Copies a PostgreSQL database by COPY in one transaction, and restores it through a separate schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dashboard import migrations
from dashboard.backups.archive import ArchiveReader, ArchiveWriter
from dashboard.db import Database
from dashboard.errors import Conflict
from dashboard.features import metadata

REVISION_TABLE = "alembic_version"
SECONDS_FOR_LOCKS = 5


def member_name(table: str) -> str:
    return f"tables/{table}.copy"


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees the same moment until it is closed."""
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def write(connection: Connection, archive: ArchiveWriter) -> None:
    for table in metadata.sorted_tables:
        columns = ", ".join(quoted(connection, column.name) for column in table.columns)
        # The column names come first, since tables of another revision may have another order.
        head = ",".join(column.name for column in table.columns).encode() + b"\n"
        archive.add(member_name(table.name), _rows(connection, table.name, columns, head))


def _rows(connection: Connection, table: str, columns: str, head: bytes) -> Iterator[bytes]:
    yield head
    # Text rather than binary, since every version of PostgreSQL can read it.
    with _cursor(connection) as cursor, cursor.copy(f"COPY {quoted(connection, table)} ({columns}) TO STDOUT") as rows:
        for piece in rows:
            yield bytes(piece)


@contextmanager
def staged_copy(database: Database, reader: ArchiveReader) -> Iterator[Database]:
    """Loads the backup into a schema of its own, next to the one that it will replace."""
    schema = f"restore_{uuid4().hex[:12]}"
    with database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = database.engine.url.update_query_dict({"options": f"-csearch_path={schema}"})
    copied = database.sibling(url.render_as_string(hide_password=False))
    try:
        migrations.upgrade(copied, reader.manifest.revision)
        with copied.engine.begin() as connection:
            tables = [quoted(connection, table) for table in reader.manifest.counts]
            # The rows that triggers would write are in the backup too.
            for name in tables:
                connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
            for table in reader.manifest.counts:
                _load(connection, table, reader)
            for name in tables:
                connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        yield copied
    except DBAPIError as error:
        raise Conflict(f"The data of this backup does not fit its tables ({type(error.orig).__name__}).") from None
    finally:
        copied.dispose()
        with database.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))


def _load(connection: Connection, table: str, reader: ArchiveReader) -> None:
    pieces = reader.pieces(member_name(table))
    head, _, rest = next(pieces, b"").partition(b"\n")
    columns = ", ".join(quoted(connection, name) for name in head.decode().split(","))
    with (
        _cursor(connection) as cursor,
        cursor.copy(f"COPY {quoted(connection, table)} ({columns}) FROM STDIN") as rows,
    ):
        rows.write(rest)
        for piece in pieces:
            rows.write(piece)


def put_in_place(database: Database, copied: Database) -> None:
    """Replaces all tables in one transaction, so that others see either all old or all new ones."""
    with copied.engine.connect() as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    copied.dispose()
    try:
        with database.engine.begin() as connection:
            ours = connection.execute(text("SELECT current_schema()")).scalar_one()
            connection.execute(text(f"SET LOCAL lock_timeout = '{SECONDS_FOR_LOCKS}s'"))
            for table in (*metadata.tables, REVISION_TABLE):
                name = quoted(connection, table)
                connection.execute(text(f"DROP TABLE IF EXISTS {name} CASCADE"))
                connection.execute(text(f"ALTER TABLE {schema}.{name} SET SCHEMA {quoted(connection, ours)}"))
            _move_functions(connection, schema, ours)
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", error)).__name__
        message = f"The tables could not be replaced ({kind}). Stop every `dashboard web` and `dashboard worker` first."
        raise Conflict(message) from None


def _move_functions(connection: Connection, schema: str, ours: str) -> None:
    """Moves the functions of the triggers, which would be dropped with their schema."""
    names = text(
        "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(:schema)"
        " AND prorettype = CAST('trigger' AS regtype) ORDER BY proname"
    )
    for function in connection.execute(names, {"schema": schema}).scalars().all():
        name, place = quoted(connection, function), quoted(connection, ours)
        connection.execute(text(f"DROP FUNCTION IF EXISTS {place}.{name}()"))
        connection.execute(text(f"ALTER FUNCTION {schema}.{name}() SET SCHEMA {place}"))


def _cursor(connection: Connection) -> Any:
    """The driver's own cursor, which supports COPY."""
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


def quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
