"""`check_deployment`: whether the data is whole, the pictures are there, and the present keys open what is sealed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, func, select, text
from sqlmodel import Session, col

from dashboard import migrations
from dashboard.config import Settings
from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.db import Database
from dashboard.duties.trail import first_wrong_line
from dashboard.jobs.media import read_image
from dashboard.jobs.models import Image, Job
from dashboard.models import metadata

#: Of each sealed column and of the pictures this many are opened, the newest and the oldest, unless all are asked for.
SAMPLE = 200
SEALED = "_sealed"


def check_deployment(database: Database, settings: Settings, *, every_value: bool) -> Iterator[str]:
    """One line for each problem."""
    if not migrations.is_current(database):
        yield "The tables are not up to date; run `dashboard db upgrade`."
        return
    yield from check_integrity(database)
    with database.reading() as session:
        yield from _check_images(session, database.keyring, settings.instance_dir / "media", every_value)
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, LargeBinary) and column.name.endswith(SEALED):
                    yield from _check_sealed(session, database.keyring, table, column, every_value)
        wrong = first_wrong_line(session)
        if wrong is not None:
            yield f"The audit trail was changed: line {wrong} does not fit what comes before it."


def check_integrity(database: Database) -> Iterator[str]:
    """What the engine itself has to say, and rows that point to rows which are not there."""
    with database.reading() as session:
        connection = session.connection()
        if database.is_sqlite:
            for (said,) in connection.execute(text("PRAGMA quick_check(20)")):
                if said != "ok":
                    yield f"The database file is damaged: {said}."
        for table in metadata.sorted_tables:
            for key in table.foreign_keys:
                parent = key.column.table.alias()
                is_there = select(1).where(parent.c[key.column.name] == key.parent).exists()
                lost = select(func.count()).select_from(table).where(key.parent.is_not(None), ~is_there)
                count = connection.execute(lost).scalar_one()
                if count:
                    yield f"{count} rows of {table.name} belong to one of {key.column.table.name} that is not there."


def _check_images(session: Session, keyring: KeyRing, media: Path, every_value: bool) -> Iterator[str]:
    with_place = select(Image, col(Job.environment)).join(Job, col(Job.id) == col(Image.job_id))
    newest_first = with_place.order_by(col(Image.id).desc()).execution_options(yield_per=SAMPLE)
    for number, (image, environment) in enumerate(session.execute(newest_first)):
        folder = media / environment
        if not (folder / image.media_path).is_file():
            yield f"The picture {image.id} has no file."
        elif every_value or number < SAMPLE:
            try:
                is_whole = len(read_image(keyring, folder, image)) == image.size
            except (UnreadableValue, OSError):
                is_whole = False
            if not is_whole:
                yield f"The picture {image.id} cannot be opened: its key is missing, or the file was changed."


def _check_sealed(
    session: Session, keyring: KeyRing, table: Table, column: Column[Any], every_value: bool
) -> Iterator[str]:
    """Every slice binds a sealed value to its row by the same rule: table, id and field."""
    field = column.name.removesuffix(SEALED)
    (key,) = table.primary_key.columns
    filled = select(key, column).where(column.is_not(None), func.length(column) > 0)
    if every_value:
        rows: Iterable[Any] = session.connection().execution_options(yield_per=SAMPLE).execute(filled)
    else:
        rows = [
            row
            for order in (key.asc(), key.desc())
            for row in session.connection().execute(filled.order_by(order).limit(SAMPLE // 2))
        ]
    unreadable = {row[0] for row in rows if not _opens(keyring, row[1], f"{table.name}:{row[0]}:{field}")}
    if unreadable:
        one = next(iter(unreadable))
        yield f"{len(unreadable)} values of {table.name}.{column.name} cannot be opened, such as that of {one}."


def _opens(keyring: KeyRing, sealed: bytes, identity: str) -> bool:
    try:
        keyring.open(bytes(sealed), identity)
    except UnreadableValue:
        return False
    return True
