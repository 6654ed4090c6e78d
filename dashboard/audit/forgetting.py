"""Old lines may be deleted after their time: from the beginning on, and a new line tells up to which one."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record

ACTION = "audit.forgotten"


def forget_lines(session: Session, before: datetime, now: datetime) -> int:
    """Deletes the lines from before that moment, up to the first that is newer; returns how many."""
    newer = select(AuditEntry.sequence).where(col(AuditEntry.at) >= before).order_by(col(AuditEntry.sequence)).limit(1)
    first_kept = session.exec(newer).first()
    old = select(AuditEntry).where(col(AuditEntry.at) < before)
    if first_kept is not None:
        old = old.where(AuditEntry.sequence < first_kept)
    last = session.exec(old.order_by(col(AuditEntry.sequence).desc()).limit(1)).first()
    if last is None:
        return 0
    # Recorded first: the new line has to follow from the newest one, which may be among those that go.
    record(session, ACTION, _lines_up_to(last.sequence), now, details={"hash": last.hash})
    through = last.sequence
    return session.connection().execute(delete(AuditEntry).where(col(AuditEntry.sequence) <= through)).rowcount


def is_rightful_beginning(session: Session, number: int, previous_hash: str) -> bool:
    """Whether the trail begins here, and a line tells that what came before was deleted, down to its last hash."""
    if session.exec(select(AuditEntry.sequence).order_by(col(AuditEntry.sequence)).limit(1)).first() != number:
        return False
    told = select(AuditEntry).where(AuditEntry.subject == _lines_up_to(number - 1), AuditEntry.action == ACTION)
    return any(entry.details.get("hash") == previous_hash for entry in session.exec(told).all())


def _lines_up_to(number: int) -> str:
    return f"lines 1 to {number}"
