"""Forgetting old lines of the trail so that the rest can still be checked: the last removed one stays as an anchor."""

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
MOST_AT_ONCE = 5000


@dataclass(frozen=True)
class Anchor:
    """The last line that was removed. The first kept one follows it in number and in hash."""

    sequence: int = 0
    hash: str = FIRST_PREVIOUS_HASH


def read_anchor(session: Session) -> Anchor:
    """Where the chain begins now: before its first line ever, where nothing was removed."""
    return Anchor(**(read_setting(session, ANCHOR) or {}))


def forget_lines_before(session: Session, moment: datetime, now: datetime) -> int:
    """Removes the oldest lines, some thousand at most, and says how many.

    A line about it is added first and holds the anchor as well: the chain itself vouches for where it begins.
    """
    before = read_anchor(session)
    # The first that is young enough, read from the oldest on: where nothing is to go that is the first of all.
    young = select(AuditEntry.sequence).where(AuditEntry.at >= moment).order_by(col(AuditEntry.sequence)).limit(1)
    kept_from = session.exec(young).first() or (session.exec(select(func.max(AuditEntry.sequence))).one() or 0) + 1
    line = session.get(AuditEntry, min(kept_from - 1, before.sequence + MOST_AT_ONCE))
    if line is None:
        return 0
    anchor, removed = Anchor(line.sequence, line.hash), line.sequence - before.sequence
    details = {"lines": str(removed), "up_to": str(anchor.sequence), "hash": anchor.hash}
    record(session, ACTION, "audit trail", now, who=WHO, details=details)
    write_setting(session, ANCHOR, asdict(anchor), now)
    session.connection().execute(delete(AuditEntry).where(col(AuditEntry.sequence) <= anchor.sequence))
    return removed


def is_valid_beginning(session: Session, number: int, previous_hash: str) -> bool:
    """Whether the trail begins here, and a line tells that what came before was removed, down to its last hash."""
    if session.exec(select(AuditEntry.sequence).order_by(col(AuditEntry.sequence)).limit(1)).first() != number:
        return False
    told = session.exec(select(AuditEntry.details).where(AuditEntry.action == ACTION)).all()
    return any((details.get("up_to"), details.get("hash")) == (str(number - 1), previous_hash) for details in told)
