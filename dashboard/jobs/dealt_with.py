"""Marking a job as dealt with, with a reason, until something new brings it back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index, bindparam, text
from sqlmodel import Field, Session, SQLModel, col, select

from dashboard.audit.trail import record
from dashboard.crypto import CANNOT_BE_OPENED, KeyRing
from dashboard.db import UtcDateTime, keyring_of, new_id
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.models import Job
from dashboard.jobs.needs import needs_of
from dashboard.jobs.timeline import EventKind, add_event

LONGEST_REASON = 500
STILL_HOLDS = text("came_back_at IS NULL")
#: What brings a job back, and the words for it on the job's page.
CAME_BACK = {
    "result": "Smile confirmed another result",
    "warning": "there is a new warning",
    "disagreement": "a callback and Smile disagree",
    "overdue": "its callback is overdue",
    "failed": "it failed",
}


class DealtWith(SQLModel, table=True):
    """One marking. At most one per job is in force; those ended by something new are kept."""

    __tablename__ = "dealt_with"
    __table_args__ = (
        Index("uq_dealt_with_job_id", "job_id", unique=True, sqlite_where=STILL_HOLDS, postgresql_where=STILL_HOLDS),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    job_id: UUID = Field(foreign_key="job.id", index=True)
    needs: list[str] = Field(default_factory=list, sa_type=JSON)  # by the names of needs.py
    reason_sealed: bytes | None  # it may name the customer; None once that is erased
    dealt_by: str
    dealt_at: datetime = Field(sa_type=UtcDateTime)
    came_back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    came_back_because: str | None = None  # one of CAME_BACK


OF_JOB = select(DealtWith).where(DealtWith.job_id == bindparam("job_id")).order_by(col(DealtWith.id))


def reason_associated_data(row_id: UUID) -> str:
    """The identity that a sealed reason is bound to."""
    return f"dealt_with:{row_id}:reason"


def deal_with(session: Session, job: Job, reason: str, dealt_by: str, now: datetime) -> None:
    """Marks the job. The caller has locked it, so of two people who press at once only one is recorded."""
    reason = " ".join(reason.replace("\0", "").split())
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid({"reason": f"Say in up to {LONGEST_REASON} characters how it was dealt with."})
    if job.dealt_with_at is not None:
        return
    needs = [need.name for need in needs_of(job, now)]
    if not needs:
        raise Conflict("This job needs no attention, so there is nothing to mark.")
    row = DealtWith(
        environment=job.environment, job_id=job.id, needs=needs, reason_sealed=None, dealt_by=dealt_by, dealt_at=now
    )
    row.reason_sealed = keyring_of(session).seal(reason.encode("utf-8", "replace"), reason_associated_data(row.id))
    session.add(row)
    job.dealt_with_at = now
    add_event(session, job, EventKind.DEALT_WITH, now, {"needs": needs, "by": dealt_by})
    job.changed(now)
    # The reason may name the customer, and the trail is never erased.
    record(session, "job.dealt_with", f"job {job.id}", now, details={"needs": ", ".join(needs)})


def bring_back(session: Session, job: Job, because: str, now: datetime) -> None:
    """Ends the marking when something new has happened to the job; does nothing where it is not marked."""
    if job.dealt_with_at is None:
        return
    job.dealt_with_at = None
    held = select(DealtWith).where(DealtWith.job_id == job.id, col(DealtWith.came_back_at).is_(None))
    for row in session.exec(held).all():
        row.came_back_at, row.came_back_because = now, because
    if needs_of(job, now):
        add_event(session, job, EventKind.CAME_BACK, now, {"because": because})
    job.changed(now)


def dealt_with_of(session: Session, job: Job) -> list[tuple[DealtWith, str]]:
    """Each marking of a job with its reason, the newest last."""
    keyring = keyring_of(session)
    rows = session.exec(OF_JOB, params={"job_id": job.id}).all()
    return [(row, _reason(keyring, row)) for row in rows]


def _reason(keyring: KeyRing, row: DealtWith) -> str:
    if not row.reason_sealed:
        return ""
    opened = keyring.open_or_none(row.reason_sealed, reason_associated_data(row.id))
    return CANNOT_BE_OPENED if opened is None else opened.decode()


def erase_reasons(session: Session, job_ids: Collection[UUID]) -> None:
    for row in session.exec(select(DealtWith).where(col(DealtWith.job_id).in_(job_ids))).all():
        row.reason_sealed = None
