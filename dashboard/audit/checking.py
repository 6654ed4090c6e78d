"""Checks of the chain, requested by members or started daily, which the worker runs in stretches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from dashboard.audit.chain import NOTHING_YET, ChainReport, check_stretch
from dashboard.audit.models import AuditEntry, ChainCheck
from dashboard.audit.trail import record

CLAIMED_FOR = timedelta(seconds=60)


def ask_for_check(session: Session, asked_by: str, now: datetime) -> ChainCheck:
    """Starts a check, or returns the one in progress."""
    running = running_check(session)
    if running:
        return running
    check = ChainCheck(asked_by=asked_by, asked_at=now, due_at=now)
    session.add(check)
    record(session, "audit.check_asked", "audit trail", now)
    return check


def start_daily_check(session: Session, now: datetime) -> None:
    """Starts a check unless one is in progress. Adds no line to the trail, since no member asked for it."""
    if running_check(session) is None:
        session.add(ChainCheck(asked_by="worker", asked_at=now, due_at=now))


def checks_due(session: Session, _: str, now: datetime, limit: int) -> Sequence[UUID]:
    return session.exec(select(ChainCheck.id).where(col(ChainCheck.due_at) <= now).limit(limit)).all()


def claim_check(session: Session, check_id: UUID, now: datetime) -> bool:
    """Gives the check to one worker until it is done, or until that worker has been silent for a while."""
    claim = update(ChainCheck).where(col(ChainCheck.id) == check_id, col(ChainCheck.due_at) <= now)
    return bool(session.connection().execute(claim.values(due_at=now + CLAIMED_FOR)).rowcount)


def check_next_stretch(session: Session, check_id: UUID) -> tuple[ChainCheck, ChainReport, bool]:
    """Checks the next stretch. Saves nothing, so writers do not wait for it."""
    check = session.get_one(ChainCheck, check_id)
    so_far = ChainReport(check.lines, check.sequence, check.hash) if check.lines else NOTHING_YET
    return check, *check_stretch(session, so_far)


def save_place(session: Session, check: ChainCheck, report: ChainReport, is_end: bool, now: datetime) -> bool:
    """Saves the result of a stretch. Returns False at the end, or if another worker has saved this stretch."""
    if is_end and report.is_unbroken and report.sequence < last_sequence(session):
        is_end = False  # Lines were added meanwhile.
    came_from = update(ChainCheck).where(
        col(ChainCheck.id) == check.id,
        col(ChainCheck.sequence) == check.sequence,
        col(ChainCheck.finished_at).is_(None),
    )
    saved = came_from.values(
        lines=report.lines,
        sequence=report.sequence,
        hash=report.hash,
        broken_at=report.broken_at,
        why=report.why,
        due_at=None if is_end else now + CLAIMED_FOR,
        finished_at=now if is_end else None,
    )
    return bool(session.connection().execute(saved).rowcount) and not is_end


def running_check(session: Session) -> ChainCheck | None:
    running = select(ChainCheck).where(col(ChainCheck.finished_at).is_(None))
    return session.exec(running.order_by(col(ChainCheck.id).desc()).limit(1)).first()


def last_check(session: Session) -> ChainCheck | None:
    finished = select(ChainCheck).where(col(ChainCheck.finished_at).is_not(None))
    return session.exec(finished.order_by(col(ChainCheck.id).desc()).limit(1)).first()


def last_sequence(session: Session) -> int:
    return session.exec(select(AuditEntry.sequence).order_by(col(AuditEntry.sequence).desc()).limit(1)).first() or 0
