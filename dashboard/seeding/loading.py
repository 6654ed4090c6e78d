"""Adds many rows at once: with one statement for thousands of rows on SQLite, by COPY on PostgreSQL.

`pack` makes rows ready in any process, and `load` needs the connection. Indexes are built after all rows are there,
which is several times faster than keeping them up to date.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Connection, Index, LargeBinary, Table, Uuid, inspect

from dashboard.db import EnumText, UtcDateTime
from dashboard.features import metadata
from dashboard.seeding.forms import Json
from dashboard.seeding.moments import spelled

Row = Mapping[str, Any]
Convert = Callable[[list[Any]], list[Any]]
#: Rows as the driver takes them: tuples for SQLite, lines of COPY for PostgreSQL.
Packed = Sequence[tuple[Any, ...]] | bytes


class SqliteLoader:
    def pack(self, table: str, rows: Sequence[Row]) -> Packed:
        return list(zip(*_by_column(metadata.tables[table], rows, FOR_SQLITE), strict=True))

    def load(self, connection: Connection, table: str, packed: Packed) -> None:
        statement = metadata.tables[table].insert().compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(statement), packed)


class PostgresLoader:
    def pack(self, table: str, rows: Sequence[Row]) -> Packed:
        lines = map("\t".join, zip(*_by_column(metadata.tables[table], rows, FOR_COPY), strict=True))
        return "".join(f"{line}\n" for line in lines).encode()

    def load(self, connection: Connection, table: str, packed: Packed) -> None:
        columns = ", ".join(metadata.tables[table].columns.keys())
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(packed)


Loader = SqliteLoader | PostgresLoader


def loader_for(*, is_sqlite: bool) -> Loader:
    return SqliteLoader() if is_sqlite else PostgresLoader()


def drop_indexes(connection: Connection) -> None:
    """Drops all indexes except those of keys and constraints."""
    missing = {index.name for index in missing_indexes(connection)}
    for index in _all_indexes():
        if index.name not in missing:
            index.drop(connection)


def missing_indexes(connection: Connection) -> list[Index]:
    inspector = inspect(connection)
    present = {each["name"] for table in metadata.tables for each in inspector.get_indexes(table)}
    return [index for index in _all_indexes() if index.name not in present]


def _all_indexes() -> list[Index]:
    tables = metadata.sorted_tables
    return [index for table in tables for index in sorted(table.indexes, key=lambda index: str(index.name))]


def _by_column(table: Table, rows: Sequence[Row], converts: Mapping[type, Convert]) -> Iterator[list[Any]]:
    for name, default, kind in _columns_of(table):
        yield converts.get(kind, converts[object])([row.get(name, default) for row in rows])


@cache
def _columns_of(table: Table) -> list[tuple[str, Any, type]]:
    return [(column.name, _default_of(column), type(column.type)) for column in table.columns]


def _default_of(column: Column[Any]) -> Any:
    """What a column holds in a row that does not name it."""
    default = column.default
    if default is None:
        return None
    if default.is_scalar:
        return default.arg  # type: ignore[attr-defined]  # the class of scalar defaults has it
    # Of the callable ones only an empty list or object depends on nothing; ids and folded texts are always given.
    return default.arg(None) if isinstance(column.type, JSON) else None  # type: ignore[attr-defined]


def _json(value: Any) -> str:
    return str.__str__(value) if isinstance(value, Json) else json.dumps(value)


def _copied(text: str) -> str:
    """A text in the format of COPY."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def _all_copied(values: list[Any]) -> list[str]:
    return ["\\N" if value is None else _copied(str(value)) for value in values]


#: What becomes of a column's values, by its type; `object` stands for all others. Ids may be hexadecimal digits.
FOR_SQLITE: Mapping[type, Convert] = {
    Uuid: lambda values: [value if value is None or type(value) is str else value.hex for value in values],
    UtcDateTime: lambda values: [None if value is None else spelled(value, " ") for value in values],
    JSON: lambda values: [None if value is None else _json(value) for value in values],
    EnumText: lambda values: [None if value is None else str.__str__(value) for value in values],
    object: lambda values: values,
}
FOR_COPY: Mapping[type, Convert] = {
    UtcDateTime: lambda values: ["\\N" if value is None else f"{spelled(value)}Z" for value in values],
    JSON: lambda values: ["\\N" if value is None else _copied(_json(value)) for value in values],
    LargeBinary: lambda values: ["\\N" if value is None else f"\\\\x{value.hex()}" for value in values],
    object: _all_copied,
}
