"""Reads of the audit trail: the newest lines first, page by page, each filter by an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from dashboard.audit.filters import AuditFilter
from dashboard.audit.models import AuditEntry
from dashboard.audit.wording import Vocabulary
from dashboard.db import Read
from dashboard.web.pagination import COUNT_CAP, PAGE_SIZE

EXPORTED_AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """A filter as the database understands it. `actions`: None for any."""

    conditions: list[ColumnElement[bool]]
    actions: list[str] | None

    @classmethod
    def of(cls, session: Session, environment: str, asked: AuditFilter, known: Vocabulary) -> "Wanted":
        stored = list_actions(session) if asked.what else []
        return cls(asked.conditions(session, environment, known), asked.actions(known, stored))


def list_entries(session: Session, wanted: Wanted, before: int | None) -> tuple[Sequence[AuditEntry], int | None]:
    """One page of lines older than `before`, and the number before which the next page begins."""
    rows = newest_entries(session, wanted, before, PAGE_SIZE + 1)
    page = rows[:PAGE_SIZE]
    return page, page[-1].sequence if len(rows) > PAGE_SIZE else None


def newest_entries(session: Session, wanted: Wanted, before: int | None, limit: int) -> Sequence[AuditEntry]:
    conditions = list(wanted.conditions)
    if before is not None:
        conditions.append(col(AuditEntry.sequence) < before)
    numbers = _numbers(wanted, conditions, limit).subquery()
    found = select(AuditEntry).where(col(AuditEntry.sequence).in_(select(numbers.c.sequence)))
    return session.exec(found.order_by(col(AuditEntry.sequence).desc()).limit(limit)).all()


def count_entries(session: Session, wanted: Wanted, *, cap: int | None = COUNT_CAP) -> int:
    """How many lines match; `cap` + 1 stands for more than that."""
    matching = select(AuditEntry.sequence).where(*wanted.conditions)
    if wanted.actions is not None:
        matching = matching.where(col(AuditEntry.action).in_(wanted.actions))
    if cap is not None:
        matching = matching.limit(cap + 1)
    return session.exec(select(func.count()).select_from(matching.subquery())).one()


def all_entries(read: Read, wanted: Wanted, through: int) -> Iterator[Sequence[AuditEntry]]:
    """Every line that matches, newest first, a few hundred in memory at a time, each batch read by itself."""
    before: int | None = through + 1
    while before is not None:
        with read() as session:
            batch = newest_entries(session, wanted, before, EXPORTED_AT_ONCE)
        yield batch
        before = batch[-1].sequence if len(batch) == EXPORTED_AT_ONCE else None


def list_people(session: Session) -> list[str]:
    return _distinct(session, col(AuditEntry.who))


def list_actions(session: Session) -> list[str]:
    return _distinct(session, col(AuditEntry.action))


def newest_head(session: Session) -> tuple[int, str] | None:
    """The number and hash of the newest line: written down elsewhere, they show when it is cut off."""
    newest = select(AuditEntry.sequence, AuditEntry.hash).order_by(col(AuditEntry.sequence).desc()).limit(1)
    return session.exec(newest).first()


def lines_kept(session: Session) -> int:
    """The chain has no gaps, so its two ends tell its length."""
    first, last = session.exec(select(func.min(AuditEntry.sequence), func.max(AuditEntry.sequence))).one()
    return 0 if last is None else last - first + 1


def hash_of_line(session: Session, number: int) -> str | None:
    return session.exec(select(AuditEntry.hash).where(AuditEntry.sequence == number)).first()


def _numbers(wanted: Wanted, conditions: list[ColumnElement[bool]], limit: int) -> Any:
    """The numbers of the newest that match: of each action by itself, since an index holds them in order only so."""
    by_number = col(AuditEntry.sequence).desc()
    matching = select(AuditEntry.sequence).where(*conditions).order_by(by_number).limit(limit)
    if wanted.actions is None:
        return matching
    if not wanted.actions:
        return matching.where(literal(False))
    parts = [matching.where(AuditEntry.action == action).subquery() for action in wanted.actions]
    return union_all(*(select(part.c.sequence) for part in parts))


def _distinct(session: Session, column: Any) -> list[str]:
    """Each value once, by a step from value to value along the index, however many lines there are."""
    values = select(func.min(column).label("value")).cte("values_of_column", recursive=True)
    known = aliased(values)
    following = select(func.min(column)).where(column > known.c.value).scalar_subquery()
    steps = values.union_all(select(following).where(known.c.value.is_not(None)))
    return list(session.exec(select(steps.c.value).where(steps.c.value.is_not(None))).all())
