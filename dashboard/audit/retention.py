"""Removes old lines of the trail. The last removed one is kept as an anchor, so that the rest can still be checked."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry
from dashboard.audit.trail import record
from dashboard.stored_settings import read_setting, write_setting

ANCHOR = "audit_anchor"
ACTION = "audit.forgotten"
WHO = "worker"


@dataclass(frozen=True)
class LastRemovedLine:
    """The last line that was removed. The first line kept follows it in number and hash."""

    sequence: int = 0
    hash: str = FIRST_PREVIOUS_HASH


def read_anchor(session: Session) -> LastRemovedLine:
    """The anchor that the chain begins after; the default one if nothing was removed."""
    return LastRemovedLine(**(read_setting(session, ANCHOR) or {}))


def forget_lines_before(session: Session, moment: datetime, now: datetime, most: int) -> int:
    """Removes the oldest lines, at most so many, and returns how many.

    First a line about it is added, which contains the anchor too: so the chain itself proves where it begins.
    """
    before = read_anchor(session)
    end = before.sequence + most
    # The first line that stays, of those that could go now.
    young = select(func.min(AuditEntry.sequence)).where(AuditEntry.at >= moment, AuditEntry.sequence <= end)
    kept_from = session.exec(young).one() or (session.exec(select(func.max(AuditEntry.sequence))).one() or 0) + 1
    line = session.get(AuditEntry, min(kept_from - 1, end))
    if line is None:
        return 0
    anchor, removed = LastRemovedLine(line.sequence, line.hash), line.sequence - before.sequence
    details = {"lines": str(removed), "up_to": str(anchor.sequence), "hash": anchor.hash}
    record(session, ACTION, "audit trail", now, who=WHO, details=details)
    write_setting(session, ANCHOR, asdict(anchor), now)
    session.connection().execute(delete(AuditEntry).where(col(AuditEntry.sequence) <= anchor.sequence))
    return removed


def is_valid_beginning(session: Session, number: int, previous_hash: str) -> bool:
    """Whether the trail begins here, and one of its lines says that all before it, up to this hash, was removed."""
    if session.exec(select(AuditEntry.sequence).order_by(col(AuditEntry.sequence)).limit(1)).first() != number:
        return False
    recorded = session.exec(select(AuditEntry.details).where(AuditEntry.action == ACTION)).all()
    return any((details.get("up_to"), details.get("hash")) == (str(number - 1), previous_hash) for details in recorded)
