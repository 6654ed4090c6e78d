"""Removes media files without a row: after a commit, and in a later sweep if that was interrupted."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.jobs.models import Image

#: A file is written before its row is committed, and an upload may take a while.
ORPHAN_AFTER_SECONDS = 3600
ASKED_AT_ONCE = 500


def remove_files(settings: Settings, files: Iterable[str]) -> None:
    for file in files:
        (settings.media_root / file).unlink(missing_ok=True)


def find_orphans(session: Session, settings: Settings) -> Iterator[list[str]]:
    """Finds files in the media folder that have no row, folder by folder. A file's name is the id of its row."""
    old = time.time() - ORPHAN_AFTER_SECONDS
    for folder in settings.media_root.glob("*/??"):
        candidates: dict[UUID, str] = {}
        for path in folder.iterdir():
            with suppress(ValueError, FileNotFoundError):  # Not one of our files, or removed since.
                if path.stat().st_mtime < old:
                    candidates[UUID(path.name[:32])] = str(path.relative_to(settings.media_root))
        ids = list(candidates)
        for start in range(0, len(ids), ASKED_AT_ONCE):
            batch = ids[start : start + ASKED_AT_ONCE]
            for known in session.exec(select(Image.id).where(col(Image.id).in_(batch))):
                candidates.pop(known, None)
        if candidates:
            yield list(candidates.values())
