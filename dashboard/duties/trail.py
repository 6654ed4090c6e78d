"""A walk along the audit trail: each line against its own hash and that of the line before it."""

from sqlmodel import Session, col, select

from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry
from dashboard.audit.queries import count_entries


def first_wrong_line(session: Session, *, newest: int | None = None) -> int | None:
    """The number of the first line that was changed, or of which the one before is gone. `newest`: only so many."""
    begin = max(0, count_entries(session) - newest) if newest else 0
    before = session.get(AuditEntry, begin) if begin else None
    number, previous_hash = begin, before.hash if before else FIRST_PREVIOUS_HASH
    lines = select(AuditEntry).where(AuditEntry.sequence > begin).order_by(col(AuditEntry.sequence))
    with session.execute(lines.execution_options(yield_per=1000)) as result:
        for entry in result.scalars():
            fits = entry.sequence == number + 1 and entry.previous_hash == previous_hash
            if not fits or entry.hash != entry.compute_hash():
                return int(entry.sequence)
            number, previous_hash = entry.sequence, entry.hash
    return None
