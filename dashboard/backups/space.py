"""How much space backup, restore and compact need, where, and for how long: said before they begin.

They are refused where the space cannot suffice. All figures are estimates that rather say too much than too little.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import Connection, func, text
from sqlmodel import select

from dashboard import migrations
from dashboard.backups.archive import Manifest
from dashboard.backups.sqlite_copy import path_of
from dashboard.db import Database
from dashboard.errors import Conflict
from dashboard.features import metadata
from dashboard.jobs.models import Image
from dashboard.stored_settings import LAST_BACKUP, read_setting
from dashboard.web.pages.filters import duration_in_words, file_size

#: Called with the sentence for the person who waits.
Say = Callable[[str], None]
#: Bytes of data and images in a second, about half of what two cores did with a seeded database.
BACKUP_SPEED, RESTORE_SPEED, COMPACT_SPEED = 15e6, 5e6, 20e6
#: What a byte of the database becomes in the file of a backup. Measured with a seeded one: 0.41 on SQLite, 0.29 on
#: PostgreSQL.
PACKED = 0.5
#: What a byte of a table in a backup becomes in PostgreSQL, with its indexes. Measured with a seeded one: 1.4.
WITH_INDEXES = 2


@dataclass(frozen=True)
class Need:
    """So many bytes. No folder: on the disk of PostgreSQL, whose free space only its server knows."""

    size: int
    folder: Path | None


def ignore(_: str) -> None:
    return


def announce_backup(database: Database, folder: Path, say: Say) -> int:
    """Also returns how many bytes of data and images are to be read."""
    data = size_of_data(database)
    with database.reading() as session:
        images = session.exec(select(func.sum(Image.size))).one() or 0
        last = read_setting(session, LAST_BACKUP) or {}
    speed = last["read"] / last["seconds"] if last.get("seconds") else BACKUP_SPEED
    copy = data if database.is_sqlite else 0
    announce([Need(copy + int(data * PACKED) + images, folder)], (data + images) / speed, say)
    return data + images


def announce_restore(database: Database, manifest: Manifest, media: Path, say: Say) -> None:
    of_images = {name: member.size for name, member in manifest.members.items() if name.startswith("media/")}
    images, data = sum(of_images.values()), sum(member.size for member in manifest.members.values())
    data -= images
    if manifest.revision != migrations.newest_revision():
        data *= 2  # An upgrade may copy tables.
    place = Need(data, path_of(database).parent) if database.is_sqlite else Need(data * WITH_INDEXES, None)
    announce([place, Need(images, media)], (data + images) / RESTORE_SPEED, say)


def size_of_data(database: Database) -> int:
    """The bytes of tables and indexes, without what is free in SQLite's file."""
    with database.reading() as session:
        connection = session.connection()
        if not database.is_sqlite:
            return sum(sizes_of_tables(connection).values())
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def sizes_of_tables(connection: Connection) -> dict[str, int]:
    """The bytes of each of our tables on PostgreSQL, with its indexes."""
    sizes = text(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
        " WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind = 'r' ORDER BY relname"
    )
    return {name: size for name, size in connection.execute(sizes) if name in metadata.tables}


def announce(needs: Sequence[Need], seconds: float, say: Say) -> None:
    """Says what is needed. Raises Conflict if that is more than there is."""
    parts = []
    for need in _by_disk(needs):
        size = file_size(need.size)
        if need.folder is None:
            parts.append(f"{size} on PostgreSQL's disk")
            continue
        free = disk_usage(_existing(need.folder)).free
        if free < need.size:
            message = f"About {size} of free space are needed in {need.folder}, and there are {file_size(free)}."
            raise Conflict(f"{message} Nothing was changed.")
        parts.append(f"{size} in {need.folder} ({file_size(free)} are free)")
    say(f"This needs about {' and '.join(parts)}, and takes {_about(seconds)}.")


def _by_disk(needs: Iterable[Need]) -> list[Need]:
    """Needs on one disk become one."""
    of_disk: dict[int | None, Need] = {}
    for need in needs:
        disk = _existing(need.folder).stat().st_dev if need.folder else None
        others = of_disk.get(disk, Need(0, need.folder))
        of_disk[disk] = Need(others.size + need.size, others.folder)
    return [need for need in of_disk.values() if need.size]


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: the missing ones will be made there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())


def _about(seconds: float) -> str:
    return "less than a minute" if seconds < 60 else f"about {duration_in_words(timedelta(seconds=seconds))}"
