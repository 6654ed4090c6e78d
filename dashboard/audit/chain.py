"""Checks the hash chain. Every line is read exactly as stored, so that even a single changed bit is found.

A stored value must be spelled exactly as we write it; otherwise two spellings of one value would count as equal.
Anyone who can write to the database can also write a whole new chain. That is found by comparing with earlier
checks, or with the number and hash of a line that a person wrote down.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry, ChainCheck, hash_of
from dashboard.audit.retention import is_valid_beginning

#: How many lines are read at once.
STRETCH = 2_000

Stored = tuple[Any, ...]


@dataclass(frozen=True)
class ChainReport:
    """How far the chain is unbroken. `sequence` and `hash` are those of the last line that fits."""

    lines: int
    sequence: int
    hash: str
    broken_at: int | None = None
    why: str = ""

    @property
    def is_unbroken(self) -> bool:
        return self.broken_at is None


NOTHING_YET = ChainReport(0, 0, FIRST_PREVIOUS_HASH)


def check_chain(session: Session) -> ChainReport:
    """Checks the whole chain at once, in constant memory. The worker does the same in stretches."""
    report, is_end = NOTHING_YET, False
    while not is_end:
        report, is_end = check_stretch(session, report)
    return report


def check_stretch(session: Session, so_far: ChainReport) -> tuple[ChainReport, bool]:
    """Checks the lines after those of `so_far`. Also returns whether the check has ended."""
    report, count = so_far, 0
    for number, stored in _stored_lines(session, so_far.sequence):
        count += 1
        problem = _problem_with(session, number, stored, report)
        if problem:
            return ChainReport(report.lines, report.sequence, report.hash, *problem), True
        report = ChainReport(report.lines + 1, number, stored[-1])
    if count == STRETCH:
        return report, False
    return _compared_with_earlier_checks(session, report), True


def _stored_lines(session: Session, after: int) -> Iterator[tuple[int, Stored]]:
    """The next lines as stored. A line that the database cannot read has no values."""
    columns = _columns(session)
    lines = select(AuditEntry.sequence, *columns).where(AuditEntry.sequence > after)
    following = lines.order_by(col(AuditEntry.sequence)).limit(STRETCH)
    try:
        rows: Sequence[Any] = session.exec(following).all()
    except DBAPIError:
        session.rollback()
        yield from _stored_one_by_one(session, after, columns)
        return
    for row in rows:
        yield row[0], tuple(row[1:])


def _stored_one_by_one(session: Session, after: int, columns: Sequence[Any]) -> Iterator[tuple[int, Stored]]:
    following = select(AuditEntry.sequence).where(AuditEntry.sequence > after).order_by(col(AuditEntry.sequence))
    for number in session.exec(following.limit(STRETCH)).all():
        one = select(*columns).where(AuditEntry.sequence == number)
        try:
            yield number, tuple(session.exec(one).one())
        except DBAPIError:
            session.rollback()
            yield number, ()


def _columns(session: Session) -> list[Any]:
    """The columns to read: SQLite stores times and ids as text, PostgreSQL as types with only one form."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    at, member_id = col(AuditEntry.at), col(AuditEntry.member_id)
    return [
        cast(at, String) if is_sqlite else at,
        col(AuditEntry.who),
        cast(member_id, String) if is_sqlite else member_id,
        col(AuditEntry.action),
        col(AuditEntry.subject),
        cast(col(AuditEntry.details), String),
        col(AuditEntry.from_address),
        col(AuditEntry.previous_hash),
        col(AuditEntry.hash),
    ]


def _problem_with(session: Session, number: int, stored: Stored, before: ChainReport) -> tuple[int, str] | None:
    previous_hash, own_hash = stored[-2:] if stored else ("", "")
    if number != before.sequence + 1:
        if not is_valid_beginning(session, number, previous_hash):
            missing = f"Line {before.sequence + 1:,} is missing"
            return before.sequence + 1, f"{missing}: it was removed, or its number was changed."
    elif stored and previous_hash != before.hash:
        follows = f"Line {number:,} does not follow from the line before it"
        return number, f"{follows}: lines were swapped, inserted or rewritten here."
    if not stored or _hash_of_stored(number, stored) != own_hash:
        return number, f"Line {number:,} was changed: its content does not match its own hash."
    return None


def _hash_of_stored(number: int, stored: Stored) -> str | None:
    """The hash of a stored line; None if a value is not spelled exactly as we write it."""
    if not all(isinstance(text, str) for text in (stored[1], *stored[3:])):
        return None
    at, who, member_id, action, subject, details, from_address, previous_hash, _ = stored
    try:
        moment = at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
        member = UUID(member_id) if isinstance(member_id, str) else member_id
        facts = json.loads(details)
        spelled = moment.replace(tzinfo=None).isoformat(" ", "microseconds"), json.dumps(facts)
        if spelled[1] != details or (isinstance(at, str) and spelled[0] != at):
            return None
        if isinstance(member_id, str) and member.hex != member_id:
            return None
        return hash_of(number, moment, who, member, action, subject, facts, from_address, previous_hash)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _compared_with_earlier_checks(session: Session, report: ChainReport) -> ChainReport:
    """Compares an unbroken chain with earlier checks: it may be shorter than it was, or a new one."""
    unbroken = select(ChainCheck).where(col(ChainCheck.finished_at).is_not(None), col(ChainCheck.broken_at).is_(None))
    seen = session.exec(unbroken.order_by(col(ChainCheck.sequence).desc()).limit(1)).first()
    if seen is None:
        return report
    why = problem_with_head(session, seen.sequence, seen.hash, report)
    return ChainReport(report.lines, report.sequence, report.hash, seen.sequence, why) if why else report


def problem_with_head(session: Session, number: int, seen_hash: str, report: ChainReport) -> str:
    """The problem if line `number` cannot have had this hash earlier; empty if it can."""
    if number == 0:
        return ""
    if number > report.sequence:
        return f"Line {number:,} existed earlier and is gone: the newest lines were cut off."
    found = session.exec(select(AuditEntry.hash).where(AuditEntry.sequence == number)).first()
    if found is None:
        return ""  # Deleted after its retention time, which the beginning of the chain confirms.
    return "" if found == seen_hash else f"Line {number:,} had another hash earlier: the trail was rewritten."
