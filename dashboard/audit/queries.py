"""Queries about the audit trail: its people, its actions, its newest line."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry


def list_people(session: Session) -> list[str]:
    return _distinct(session, col(AuditEntry.who))


def list_actions(session: Session) -> list[str]:
    return _distinct(session, col(AuditEntry.action))


def newest_head(session: Session) -> tuple[int, str] | None:
    """The number and hash of the newest line. Written down elsewhere, they reveal a trail that was cut off."""
    newest = select(AuditEntry.sequence, AuditEntry.hash).order_by(col(AuditEntry.sequence).desc()).limit(1)
    return session.exec(newest).first()


def count_lines(session: Session) -> int:
    """How many lines there are. The chain has no gaps, so its two ends are enough."""
    first, last = session.exec(select(func.min(AuditEntry.sequence), func.max(AuditEntry.sequence))).one()
    return 0 if last is None else last - first + 1


def hash_of_line(session: Session, number: int) -> str | None:
    return session.exec(select(AuditEntry.hash).where(AuditEntry.sequence == number)).first()


def _distinct(session: Session, column: Any) -> list[str]:
    """The distinct values of a column, found by steps along its index, however many lines there are."""
    values = select(func.min(column).label("value")).cte("values_of_column", recursive=True)
    known = aliased(values)
    following = select(func.min(column)).where(column > known.c.value).scalar_subquery()
    steps = values.union_all(select(following).where(known.c.value.is_not(None)))
    return list(session.exec(select(steps.c.value).where(steps.c.value.is_not(None))).all())
