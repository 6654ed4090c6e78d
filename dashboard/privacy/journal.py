"""Keeps a journal of erasures in a file next to the database, so that they can be repeated after an old backup.

Each line is JSON with row ids and keyed digests, and no personal data. Lines are only ever added.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import utc_now
from dashboard.privacy.erasing import erase_rows_of
from dashboard.privacy.files import remove_files
from dashboard.privacy.models import Erasure
from dashboard.team.models import Member

NAME = "erasures.jsonl"


def note_erasures(session: Session, settings: Settings) -> int:
    """Adds the erasures that the file lacks: after each erasure, and by the worker if that was interrupted."""
    path = journal_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
        _lock(file)
        known = {line["id"] for line in _read(path)}
        news = [erasure for erasure in session.exec(select(Erasure)).all() if str(erasure.id) not in known]
        # Starts on a new line, in case a power cut ended the last one early.
        file.writelines(b"\n" + json.dumps(_line(erasure), sort_keys=True).encode() + b"\n" for erasure in news)
        file.flush()
        os.fsync(file.fileno())
    return len(news)


def apply_erasures(session: Session, settings: Settings) -> int:
    """Repeats the erasures after an older backup was restored, and adds the proofs that it lacks.

    Files are removed before the commit: a restore that fails is started again from the backup.
    """
    for line in _read(journal_path(settings)):
        erasure = session.get(Erasure, UUID(line["id"]))
        if erasure is None:
            session.add(_erasure(session, line))
    session.flush()
    erasures = session.exec(select(Erasure)).all()
    for erasure in erasures:
        remove_files(settings, erase_rows_of(session, erasure, utc_now()))
    return len(erasures)


def _lock(file: BinaryIO) -> None:
    """Locks the file until it is closed: web and worker may both write to it."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def journal_path(settings: Settings) -> Path:
    return settings.instance_dir / NAME


def _read(path: Path) -> list[dict[str, Any]]:
    """Reads all complete lines. One that a power cut interrupted is skipped, and its erasure is noted again."""
    lines = []
    for text in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def _line(erasure: Erasure) -> dict[str, Any]:
    return {
        "id": str(erasure.id),
        "at": erasure.at.isoformat(),
        "member_id": str(erasure.member_id) if erasure.member_id else None,
        "identifier_digests": erasure.identifier_digests,
        "counts": erasure.counts,
        "manifest": erasure.manifest,
        "manifest_sha256": erasure.manifest_sha256,
    }


def _erasure(session: Session, line: dict[str, Any]) -> Erasure:
    member_id = UUID(line["member_id"]) if line["member_id"] else None
    member = session.get(Member, member_id) if member_id else None
    return Erasure(
        id=UUID(line["id"]),
        at=datetime.fromisoformat(line["at"]),
        erased_by=member.email if member else "a former member",
        member_id=member_id,
        identifier_digests=line["identifier_digests"],
        counts=line["counts"],
        manifest=line["manifest"],
        manifest_sha256=line["manifest_sha256"],
    )
