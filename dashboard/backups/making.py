"""Makes a backup: the data of one moment and its images, while web and worker run. The keys are never included."""

import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlmodel import Session, col

from dashboard import migrations
from dashboard.audit.trail import record
from dashboard.backups import postgres_copy, sqlite_copy
from dashboard.backups.archive import ArchiveWriter, Manifest, read_in_pieces, write_aside
from dashboard.backups.space import Say, announce_backup, ignore
from dashboard.config import Settings
from dashboard.db import SQLITE, Database
from dashboard.errors import Conflict
from dashboard.features import metadata
from dashboard.jobs.models import Image, Job
from dashboard.stored_settings import LAST_BACKUP, write_setting


@dataclass(frozen=True)
class Backup:
    rows: int
    images: int
    missing_images: Sequence[str]
    size: int
    read: int  # bytes of data and images
    seconds: float


def make_backup(
    database: Database, settings: Settings, target: Path, now: datetime, *, may_replace: bool = False, say: Say = ignore
) -> Backup:
    """Writes the backup to `target`. If it raises Conflict, nothing was written."""
    revision = migrations.present_revision(database)
    if revision is None or revision != migrations.newest_revision():
        raise Conflict("The database's tables are not up to date; run `dashboard db upgrade` first.")
    target = target.absolute()
    if not target.parent.is_dir():
        raise Conflict(f"There is no folder {target.parent}.")
    if target.exists() and not may_replace:
        raise Conflict(f"{target} exists already. Name another file, or add --force to replace it.")
    read = announce_backup(database, target.parent, say)
    began = time.monotonic()
    manifest = Manifest(now.isoformat(), database.engine.dialect.name, revision, {})
    try:
        with write_aside(target) as archive:
            _write(database, settings, target.parent, archive, manifest)
            archive.finish(manifest, database.keyring)
        size = target.stat().st_size
    except (OSError, zipfile.LargeZipFile, SQLITE.Error) as error:
        raise Conflict(f"The backup could not be written ({type(error).__name__}).") from None
    seconds = round(time.monotonic() - began, 3)
    rows = sum(manifest.counts.values())
    backup = Backup(rows, manifest.image_count, manifest.missing_images, size, read, seconds)
    with database.transaction() as session:
        note_backup(session, backup, now)
    return backup


def note_backup(session: Session, backup: Backup, now: datetime) -> None:
    """Records the backup, so that the health checks know its age, and the next one how long it will take."""
    facts = {"rows": backup.rows, "images": backup.images, "size": backup.size}
    speed = {"read": backup.read, "seconds": backup.seconds}
    write_setting(session, LAST_BACKUP, {"at": now.isoformat(), **facts, **speed}, now)
    record(session, "backup.made", "database", now, details={name: str(value) for name, value in facts.items()})


def _write(database: Database, settings: Settings, folder: Path, archive: ArchiveWriter, manifest: Manifest) -> None:
    if database.is_sqlite:
        with sqlite_copy.snapshot(database, folder) as copied:
            with copied.engine.connect() as connection:
                manifest.counts, images = _counts(connection), image_paths(connection)
            sqlite_copy.write(copied, archive)
    else:
        with postgres_copy.snapshot(database) as connection:
            manifest.counts, images = _counts(connection), image_paths(connection)
            postgres_copy.write(connection, archive)
    manifest.missing_images = list(_add_images(settings, images, archive))


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def image_paths(connection: Connection) -> list[str]:
    """The paths of all images below the media folder, from the rows of this moment."""
    rows = connection.execute(
        select(col(Job.environment), col(Image.media_path)).join(Job, col(Job.id) == col(Image.job_id))
    )
    return [f"{environment}/{path}" for environment, path in rows]


def _add_images(settings: Settings, images: Iterable[str], archive: ArchiveWriter) -> Iterator[str]:
    """Adds the images. Yields those that are missing or cannot be read. Files are written before their rows."""
    for path in images:
        try:
            file = open(settings.media_root / path, "rb")  # noqa: SIM115  # closed below
        except OSError:
            yield path
            continue
        with file:
            archive.add(f"media/{path}", read_in_pieces(file), is_sealed=True)
