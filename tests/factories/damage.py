"""Damages a sealed value or a media file by one bit, as a failing disk does."""

from uuid import UUID

from sqlalchemy import update
from sqlmodel import select

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.models import Image
from tests.factories.features import REGISTERED


def damage_column(database: Database, full_name: str, row_id: UUID) -> None:
    [column] = [each for each in REGISTERED.sealed_columns if each.full_name == full_name]
    with database.transaction() as session:
        value = session.exec(select(column.value).where(column.key == row_id)).one()
        sealed = column.take_out(value)
        assert sealed, f"{full_name} of {row_id} holds nothing"
        changed = column.put_in(value, _with_last_bit_flipped(sealed))
        session.connection().execute(update(column.table).where(column.key == row_id).values({column.name: changed}))


def damage_file(settings: Settings, image: Image) -> None:
    path = settings.media_dir / image.media_path
    path.write_bytes(_with_last_bit_flipped(path.read_bytes()))


def _with_last_bit_flipped(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])
