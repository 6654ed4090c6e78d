"""Rotates encryption keys: seals everything with the first key, in small batches, while web and worker run.

It can be interrupted at any time. What cannot be opened is skipped and reported.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, func, update
from sqlmodel import Session, select

from dashboard.batches import Batches
from dashboard.config import Settings
from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.db import Database, keyring_of, utc_now
from dashboard.errors import Conflict
from dashboard.jobs.models import Image
from dashboard.jobs.submitting.media import is_under_key, seal_again
from dashboard.privacy.key_canaries import WRONG_KEYS, forget_old_canaries, keep_canaries, try_some_values
from dashboard.privacy.unreadable import FIRST, IMAGES, SealedPlace, all_images, problem_with_image, problem_with_value
from dashboard.sealed import SealedColumn

READ_AT_ONCE = 500
IMAGE_FILES = "images"

#: Called with the place of each value that cannot be opened.
OnDamaged = Callable[[SealedPlace], None]


@dataclass(frozen=True)
class Rotated:
    """How many values of a column, or how many images, were sealed again or still need it."""

    name: str
    count: int


def _ignore(_: SealedPlace) -> None:
    return


def rotate_keys(
    database: Database, settings: Settings, columns: Sequence[SealedColumn], on_damaged: OnDamaged = _ignore
) -> Iterator[Rotated]:
    for column in columns:
        yield Rotated(column.full_name, _rotate_column(database, column, on_damaged))
    yield Rotated(IMAGE_FILES, _rotate_images(database, settings, on_damaged))


def count_under_old_keys(
    database: Database, settings: Settings, columns: Sequence[SealedColumn], on_damaged: OnDamaged = _ignore
) -> Iterator[Rotated]:
    """Counts what an old key is still needed for. What cannot be opened does not count."""
    for column in columns:
        yield Rotated(column.full_name, _count_column(database, column, on_damaged))
    yield Rotated(IMAGE_FILES, _count_images(database, settings, on_damaged))


def refuse_to_rotate(database: Database, columns: Sequence[SealedColumn]) -> None:
    """Raises Conflict if the keys belong to other data: every value would look damaged."""
    with database.reading() as session:
        if try_some_values(session, columns).proves_wrong_keys:
            raise Conflict(WRONG_KEYS)


def finish_rotation(database: Database, settings: Settings, columns: Sequence[SealedColumn]) -> None:
    """Finishes a rotation: removes the canaries of old keys that nothing needs any longer."""
    keep_canaries(database, columns, utc_now())
    if not any(part.count for part in count_under_old_keys(database, settings, columns)):
        with database.transaction() as session:
            forget_old_canaries(session)


def _rotate_column(database: Database, column: SealedColumn, on_damaged: OnDamaged) -> int:
    count, batches = 0, Batches(database.transaction)
    for rows in _under_old_keys(database, column):
        while rows:
            damaged = []
            with batches.next() as session:
                batch, rows = rows[: batches.size], rows[batches.size :]
                for row_id in batch:
                    try:
                        count += _seal_again(session, column, row_id)
                    except UnreadableValue:
                        damaged.append(row_id)
            for row_id in damaged:
                on_damaged(SealedPlace(column.full_name, row_id))
    return count


def _count_column(database: Database, column: SealedColumn, on_damaged: OnDamaged) -> int:
    count = 0
    for rows in _under_old_keys(database, column):
        for row_id in rows:
            with database.reading() as session:
                value = session.exec(select(column.value).where(column.key == row_id)).first()
            if problem_with_value(database, column, row_id, value):
                on_damaged(SealedPlace(column.full_name, row_id))
            else:
                count += 1
    return count


def _seal_again(session: Session, column: SealedColumn, row_id: UUID) -> int:
    """Seals one value again, unless it was changed meanwhile: a new value is already sealed with the first key."""
    value = session.exec(select(column.value).where(column.key == row_id)).first()
    sealed = column.take_out(value) if value else None
    keyring = keyring_of(session)
    if not sealed or sealed.startswith(keyring.sealing_id):
        return 0
    opened = keyring.open(sealed, column.associated_data(row_id))
    values: dict[str, Any] = {column.name: column.put_in(value, keyring.seal(opened, column.associated_data(row_id)))}
    if column.digest:
        text = column.digested(opened)
        values[column.digest] = keyring.digest_for_search(text) if text else None
    change = update(column.table).where(column.key == row_id)
    if isinstance(column.value.type, LargeBinary):  # A value inside JSON is not changed by anything else.
        change = change.where(column.value == value)
    return session.connection().execute(change.values(values)).rowcount


def _under_old_keys(database: Database, column: SealedColumn) -> Iterator[list[UUID]]:
    """The ids of rows with a value under an old key, some hundred at a time, each once."""
    last = FIRST
    while True:
        with database.reading() as session:
            rows = session.exec(_after(column, last, keyring_of(session))).all()
            if not rows:
                return
            last = rows[-1]
            if isinstance(column.value.type, JSON):
                rows = [row_id for row_id in rows if _is_old(session, column, row_id)]
        yield list(rows)


def _after(column: SealedColumn, last: UUID, keyring: KeyRing) -> Any:
    found = select(column.key).where(column.key > last, column.value.is_not(None))
    found = found.order_by(column.key).limit(READ_AT_ONCE)
    if isinstance(column.value.type, LargeBinary):
        beginning = func.substr(column.value, 1, len(keyring.sealing_id), type_=LargeBinary)
        found = found.where(beginning != keyring.sealing_id, func.length(column.value) > 0)
    return found


def _is_old(session: Session, column: SealedColumn, row_id: UUID) -> bool:
    value = session.exec(select(column.value).where(column.key == row_id)).first()
    sealed = column.take_out(value) if value else None
    return sealed is not None and not sealed.startswith(keyring_of(session).sealing_id)


def _rotate_images(database: Database, settings: Settings, on_damaged: OnDamaged) -> int:
    count = 0
    for image, environment in _images_under_old_keys(database, settings):
        try:
            seal_again(database.keyring, settings.media_root / environment, image)
        except (UnreadableValue, OSError) as error:
            if problem_with_image(database, settings, image, environment):
                on_damaged(SealedPlace(IMAGES, image.id))
            elif not isinstance(error, FileNotFoundError):  # The image was erased a moment ago.
                raise
            continue
        with database.reading() as session:
            if session.get(Image, image.id) is None:  # It was erased while it was being sealed again.
                (settings.media_root / environment / image.media_path).unlink(missing_ok=True)
        count += 1
    return count


def _count_images(database: Database, settings: Settings, on_damaged: OnDamaged) -> int:
    count = 0
    for image, environment in _images_under_old_keys(database, settings):
        if problem_with_image(database, settings, image, environment):
            on_damaged(SealedPlace(IMAGES, image.id))
        else:
            count += 1
    return count


def _images_under_old_keys(database: Database, settings: Settings) -> Iterator[tuple[Image, str]]:
    """The images under an old key, and files that cannot be read, so that these are tried and reported."""
    key_id = database.keyring.sealing_id
    for image, environment in all_images(database):
        if not is_under_key(settings.media_root / environment, image, key_id):
            yield image, environment
