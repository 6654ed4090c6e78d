"""Reads of the audit trail: the newest lines first, page by page."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.retention import read_anchor
from dashboard.web.pagination import PAGE_SIZE


def list_entries(session: Session, before: int | None) -> tuple[Sequence[AuditEntry], int | None]:
    """One page of lines older than `before`, and the number before which the next page begins."""
    statement = select(AuditEntry).order_by(col(AuditEntry.sequence).desc()).limit(PAGE_SIZE + 1)
    if before is not None:
        statement = statement.where(AuditEntry.sequence < before)
    rows = session.exec(statement).all()
    page = rows[:PAGE_SIZE]
    return page, page[-1].sequence if len(rows) > PAGE_SIZE else None


def count_entries(session: Session) -> int:
    """The chain has no gaps, so its last number tells its length."""
    newest = select(AuditEntry.sequence).order_by(col(AuditEntry.sequence).desc()).limit(1)
    return (session.exec(newest).first() or 0) - read_anchor(session).sequence
