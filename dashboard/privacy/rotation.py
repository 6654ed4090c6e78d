"""Sealing everything under the first key of the ring, while web and worker run: in small batches that may break off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, func, inspect, update
from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, keyring_of
from dashboard.jobs.media import is_under_first_key, seal_again
from dashboard.jobs.models import Image, Job
from dashboard.privacy.files import media_root
from dashboard.sealed import SealedColumn

BATCH = 50
FIRST = UUID(int=0)
PICTURES = "pictures"


@dataclass(frozen=True)
class Rotated:
    """Of one column, or of the pictures: how many were sealed again, or would have to be."""

    name: str
    count: int


def rotate_keys(database: Database, settings: Settings, columns: Sequence[SealedColumn]) -> Iterator[Rotated]:
    for column in columns:
        yield Rotated(_name(column), _rotate_column(database, column))
    yield Rotated(PICTURES, _rotate_pictures(database, settings))


def count_under_old_keys(database: Database, settings: Settings, columns: Sequence[SealedColumn]) -> Iterator[Rotated]:
    """What an old key is still needed for."""
    for column in columns:
        yield Rotated(_name(column), sum(len(rows) for rows in _batches(database, column)))
    yield Rotated(PICTURES, sum(len(images) for images in _old_pictures(database, settings)))


def _rotate_column(database: Database, column: SealedColumn) -> int:
    count = 0
    for rows in _batches(database, column):
        with database.transaction() as session:
            count += sum(_seal_again(session, column, row_id) for row_id in rows)
    return count


def _seal_again(session: Session, column: SealedColumn, row_id: UUID) -> int:
    """A guarded update: a value that somebody changed meanwhile is sealed by them, and stays as it is."""
    table, value_of = column.table, getattr(column.table, column.name)
    value = session.exec(select(value_of).where(_id(column) == row_id)).first()
    sealed = column.take_out(value) if value else None
    keyring = keyring_of(session)
    if not sealed or sealed.startswith(keyring.sealing_id):
        return 0
    opened = keyring.open(sealed, column.identity(row_id))
    values: dict[str, Any] = {column.name: column.put_in(value, keyring.seal(opened, column.identity(row_id)))}
    if column.digest:
        text = column.digested(opened)
        values[column.digest] = keyring.digest_for_search(text) if text else None
    change = update(table).where(_id(column) == row_id)
    if isinstance(value_of.type, LargeBinary):  # one part of a larger value is changed by nobody else
        change = change.where(value_of == value)
    return session.connection().execute(change.values(values)).rowcount


def _batches(database: Database, column: SealedColumn) -> Iterator[list[UUID]]:
    """Ids of rows with a value under an old key, some at a time, each once."""
    last, value_of = FIRST, getattr(column.table, column.name)
    while True:
        with database.reading() as session:
            rows = session.exec(_after(column, last, keyring_of(session))).all()
            if not rows:
                return
            last = rows[-1]
            if isinstance(value_of.type, JSON):
                rows = [row_id for row_id in rows if _is_old(session, column, row_id)]
        yield list(rows)


def _after(column: SealedColumn, last: UUID, keyring: KeyRing) -> Any:
    value_of = getattr(column.table, column.name)
    found = select(_id(column)).where(_id(column) > last, value_of.is_not(None)).order_by(_id(column)).limit(BATCH)
    if isinstance(value_of.type, LargeBinary):
        beginning = func.substr(value_of, 1, len(keyring.sealing_id), type_=LargeBinary)
        found = found.where(beginning != keyring.sealing_id, func.length(value_of) > 0)
    return found


def _is_old(session: Session, column: SealedColumn, row_id: UUID) -> bool:
    value = session.exec(select(getattr(column.table, column.name)).where(_id(column) == row_id)).first()
    sealed = column.take_out(value) if value else None
    return sealed is not None and not sealed.startswith(keyring_of(session).sealing_id)


def _rotate_pictures(database: Database, settings: Settings) -> int:
    count = 0
    for images in _old_pictures(database, settings):
        for image, environment in images:
            with database.reading() as session:
                keyring = keyring_of(session)
            seal_again(keyring, media_root(settings) / environment, image)
            with database.reading() as session:
                if session.get(Image, image.id) is None:  # It was erased while it was being sealed.
                    (media_root(settings) / environment / image.media_path).unlink(missing_ok=True)
            count += 1
    return count


def _old_pictures(database: Database, settings: Settings) -> Iterator[list[tuple[Image, str]]]:
    last = FIRST
    while True:
        with database.reading() as session:
            keyring = keyring_of(session)
            of_jobs = select(Image, Job.environment).join(Job, col(Job.id) == col(Image.job_id))
            rows = session.exec(of_jobs.where(col(Image.id) > last).order_by(col(Image.id)).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1][0].id
        yield [(image, place) for image, place in rows if _is_old_picture(keyring, settings, image, place)]


def _is_old_picture(keyring: KeyRing, settings: Settings, image: Image, environment: str) -> bool:
    try:
        return not is_under_first_key(keyring, media_root(settings) / environment, image)
    except FileNotFoundError:  # It was erased a moment ago.
        return False


def _id(column: SealedColumn) -> Any:
    """The one column that names a row; a table that belongs to another one may call it after that."""
    (key,) = inspect(column.table).primary_key
    return key


def _name(column: SealedColumn) -> str:
    return f"{column.table.__tablename__}.{column.name}"
