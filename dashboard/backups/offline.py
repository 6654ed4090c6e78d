"""For commands that need a database for themselves: whether it is in use, and whether it holds any data."""

from sqlalchemy import inspect, select, text

from dashboard.backups import sqlite_copy
from dashboard.db import SERVES, Database
from dashboard.errors import Conflict
from dashboard.features import metadata

#: Every start of web and worker writes into these tables, so rows only in them do not count as data.
FILLED_AT_START = frozenset({"smile_key", "setting", "periodic_work", "rollup_generation"})


def refuse_while_in_use(database: Database) -> None:
    """Raises Conflict while web or worker has the database open."""
    if database.is_sqlite:
        sqlite_copy.close_for_good(database)
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name "
        "|| current_schema()"
    )
    with database.reading() as session:
        if session.connection().execute(others, {"name": SERVES}).scalar_one():
            raise Conflict(sqlite_copy.IN_USE)


def is_empty(database: Database) -> bool:
    if database.is_sqlite and not sqlite_copy.path_of(database).exists():
        return True
    there = set(inspect(database.engine).get_table_names())
    with database.reading() as session:
        connection = session.connection()
        return not any(
            connection.execute(select(1).select_from(table).limit(1)).first()
            for table in metadata.sorted_tables
            if table.name in there - FILLED_AT_START
        )
