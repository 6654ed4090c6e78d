"""Where anything of a person could have stayed: the database with its log, media, the journal, and all rows."""

from pathlib import Path

from sqlalchemy import inspect, select

from dashboard.db import Database, keyring_of
from dashboard.features import metadata
from tests.factories.features import REGISTERED
from tests.factories.persons import Person


def places_that_name(database: Database, folder: Path, person: Person) -> list[str]:
    """Files below the folder, and columns of rows, that hold the person's mark."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            found += [str(path.relative_to(folder))] if person.mark.encode() in content else []
    with database.reading() as session:
        for table in metadata.sorted_tables:
            for row in session.connection().execute(select(table)).mappings():
                found += [f"{table.name}.{name}" for name, value in row.items() if person.mark in repr(value).lower()]
    return sorted(set(found))


def sealed_places_that_name(database: Database, person: Person) -> list[str]:
    """The same for what is sealed: everything that the key ring can open."""
    found = []
    with database.reading() as session:
        keyring = keyring_of(session)
        for column in REGISTERED.sealed_columns:
            (key,) = inspect(column.table).primary_key
            rows = session.connection().execute(select(key, getattr(column.table, column.name)))
            for row_id, value in rows:
                sealed = column.take_out(value) if value else None
                if sealed and person.mark.encode() in keyring.open(sealed, column.associated_data(row_id)).lower():
                    found.append(f"{column.table.__tablename__}.{column.name}")
    return sorted(set(found))
