"""Restores a backup. The whole file is verified before anything is touched; then everything is replaced at once."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col

from dashboard import migrations
from dashboard.audit.trail import record
from dashboard.backups import postgres_copy, sqlite_copy
from dashboard.backups.archive import Manifest, open_backup
from dashboard.backups.checking import check_integrity
from dashboard.backups.making import image_paths
from dashboard.backups.offline import is_empty
from dashboard.backups.space import Say, announce_restore, ignore
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.errors import Conflict
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.products import FACTS
from dashboard.privacy.journal import apply_erasures
from dashboard.privacy.traces import wipe_traces

MEDIA_MEMBER = re.compile(r"media/((?:sandbox|production)/[0-9a-f]{2}/[0-9a-f]{32})")


def restore_backup(
    database: Database,
    settings: Settings,
    source: Path,
    now: datetime,
    *,
    replace: bool,
    may_upgrade: bool,
    say: Say = ignore,
) -> Manifest:
    engine = sqlite_copy if database.is_sqlite else postgres_copy
    if not replace and not is_empty(database):
        raise Conflict("There is data here already. Add --replace to replace it with the backup.")
    with open_backup(source, database.keyring) as reader:
        _refuse_what_does_not_fit(database, reader.manifest, may_upgrade)
        images = _image_paths(reader.manifest)
        announce_restore(database, reader.manifest, settings.media_root, say)
        reader.verify()
        if database.is_sqlite:
            sqlite_copy.close_for_good(database)
        with engine.staged_copy(database, reader) as copied:
            migrations.upgrade(copied)
            with copied.transaction() as session:
                _make_ready(session, reader.manifest, now)
            _refuse_what_is_broken(copied)
            _erase_again(copied, settings)
            # Images first: an image too many does no harm, but a row without its image does. An image without a row,
            # because it was erased since the backup, is not restored.
            with copied.engine.connect() as connection:
                kept = set(image_paths(connection))
            for member, path in images.items():
                if path in kept:
                    reader.extract(member, settings.media_root / path)
            engine.put_in_place(database, copied)
    _remove_other_images(settings.media_root, kept)
    return reader.manifest


def _refuse_what_does_not_fit(database: Database, manifest: Manifest, may_upgrade: bool) -> None:
    if manifest.engine != database.engine.dialect.name:
        message = (
            f"This backup was made on {_engine_in_words(manifest.engine)}, and DASHBOARD_DATABASE_URL names "
            f"{_engine_in_words(database.engine.dialect.name)}. Restore it on the engine that it was made on."
        )
        raise Conflict(message)
    if not migrations.is_known(manifest.revision):
        raise Conflict("This backup was made by a newer version of Partner Desk. Install that version first.")
    if manifest.revision != migrations.newest_revision() and not may_upgrade:
        message = (
            f"This backup has the tables of an older version ({manifest.revision}). Add --upgrade to "
            "restore it and upgrade them."
        )
        raise Conflict(message)


def _make_ready(session: Session, manifest: Manifest, now: datetime) -> None:
    """Prepares the restored data, which lacks everything that happened after the backup."""
    # Submissions are charged. One that was queued at the time may have been sent since, so Smile is asked first.
    for at_once, step in ((True, SendingStep.SENDING), (False, SendingStep.PREPARING)):
        products = [product for product, facts in FACTS.items() if facts.is_answered_at_once is at_once]
        unsent = (
            col(Job.state) == JobState.QUEUED,
            col(Job.step) == SendingStep.CREATED,
            col(Job.product).in_(products),
        )
        session.connection().execute(update(Job).where(*unsent).values(step=step))
    record(session, "backup.restored", "database", now, details={"made_at": manifest.made_at})


def _erase_again(copied: Database, settings: Settings) -> None:
    """Repeats all erasures: an older backup must not bring a person's data back."""
    with copied.transaction() as session:
        apply_erasures(session, settings)
    wipe_traces(copied)


def _refuse_what_is_broken(copied: Database) -> None:
    problems = list(check_integrity(copied))
    if problems:
        raise Conflict(f"The data of this backup is damaged: {problems[0]}")


def _image_paths(manifest: Manifest) -> dict[str, str]:
    """The path below the media folder for each image in the archive. Refuses names that could lead out of it."""
    paths = {}
    for member in manifest.members:
        if member.startswith("media/"):
            found = MEDIA_MEMBER.fullmatch(member)
            if found is None:
                raise Conflict("This backup is damaged: it contains an image with an invalid name.")
            paths[member] = found[1]
    return paths


def _remove_other_images(media: Path, kept: set[str]) -> None:
    """Removes the images of the replaced data."""
    for path in _files_below(media):
        if path.relative_to(media).as_posix() not in kept:
            path.unlink(missing_ok=True)
    for folder in media.glob("*/*"):
        if folder.is_dir() and not any(folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in list(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _engine_in_words(name: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(name, name)
