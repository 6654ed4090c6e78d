"""`check_deployment`: whether the data is whole, the pictures are there, and the present keys open what is sealed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, inspect, select, text
from sqlmodel import Session, col

from dashboard import migrations
from dashboard.audit.chain import check_chain
from dashboard.config import Settings
from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.db import Database
from dashboard.features import metadata
from dashboard.jobs.media import read_image
from dashboard.jobs.models import Image, Job
from dashboard.sealed import SealedColumn

#: Of each sealed column and of the pictures this many are opened, the newest and the oldest, unless all are asked for.
SAMPLE = 200


def check_deployment(
    database: Database, settings: Settings, columns: Sequence[SealedColumn], *, every_value: bool
) -> Iterator[str]:
    """One line for each problem."""
    if not migrations.is_current(database):
        yield "The tables are not up to date; run `dashboard db upgrade`."
        return
    yield from check_integrity(database)
    with database.reading() as session:
        yield from _check_images(session, database.keyring, settings.instance_dir / "media", every_value)
        for column in columns:
            yield from _check_sealed(session, database.keyring, column, every_value)
        trail = check_chain(session)
        if not trail.is_unbroken:
            yield f"The audit trail was changed. {trail.why}"


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


def _check_sealed(session: Session, keyring: KeyRing, column: SealedColumn, every_value: bool) -> Iterator[str]:
    (key,) = inspect(column.table).primary_key
    value_of = getattr(column.table, column.name)
    filled = select(key, value_of).where(value_of.is_not(None))
    if every_value:
        rows: Iterable[Any] = session.connection().execution_options(yield_per=SAMPLE).execute(filled)
    else:
        rows = [
            row
            for order in (key.asc(), key.desc())
            for row in session.connection().execute(filled.order_by(order).limit(SAMPLE // 2))
        ]
    unreadable = {row_id for row_id, value in rows if not _opens(keyring, column, row_id, value)}
    if unreadable:
        name, one = f"{column.table.__tablename__}.{column.name}", next(iter(unreadable))
        yield f"{len(unreadable)} values of {name} cannot be opened, such as that of {one}."


def _opens(keyring: KeyRing, column: SealedColumn, row_id: UUID, value: Any) -> bool:
    sealed = column.take_out(value)
    try:
        return not sealed or keyring.open(bytes(sealed), column.identity(row_id)) is not None
    except UnreadableValue:
        return False
