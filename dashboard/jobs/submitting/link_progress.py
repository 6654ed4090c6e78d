"""What a link keeps of its jobs, for the list of links: when the first was submitted, and when the first was settled.

Both columns are in the table of links, which is in a higher slice, so it is named here by its columns. They change in
the transaction that changes the job. `Progress` in the slice of links is the same rule for a few links.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, column, func, select, table, update
from sqlmodel import Session, col

from dashboard.db import UtcDateTime
from dashboard.jobs.models import Job

LINK = table("link", column("id", Uuid()), column("submitted_at", UtcDateTime()), column("settled_at", UtcDateTime()))


def lock_link_of(session: Session, job_id: UUID) -> None:
    """Locks the link that led to the job, if one did. Call it before the job is locked (lock_order.py)."""
    connection = session.connection()
    link_id = connection.execute(select(col(Job.link_id)).where(col(Job.id) == job_id)).scalar()
    if link_id is not None:
        connection.execute(select(LINK.c.id).where(LINK.c.id == link_id).with_for_update())


def note_progress(session: Session, job: Job) -> None:
    """Notes in the job's link that the job was submitted or settled. Safe to run twice."""
    if job.link_id is None or job.submitted_at is None:
        return
    session.flush()  # The first settled job is looked up.
    of_link = col(Job.link_id) == job.link_id, col(Job.submitted_at).is_not(None)
    submitted_at = func.coalesce(LINK.c.submitted_at, job.submitted_at)
    settled_at: Any = func.coalesce(LINK.c.settled_at, job.settled_at)
    if job.settled_at is None:  # It may have been settled before: a provisional result can follow a final one.
        settled_at = select(func.min(Job.settled_at)).where(*of_link).scalar_subquery()
    changed = update(LINK).where(LINK.c.id == job.link_id).values(submitted_at=submitted_at, settled_at=settled_at)
    session.connection().execute(changed)


def note_all_progress(session: Session) -> None:
    """Notes the progress of all links whose jobs were added together with them."""
    of_link = select(func.min(Job.submitted_at)).where(col(Job.link_id) == LINK.c.id)
    settled = select(func.min(Job.settled_at)).where(col(Job.link_id) == LINK.c.id, col(Job.submitted_at).is_not(None))
    values = {"submitted_at": of_link.scalar_subquery(), "settled_at": settled.scalar_subquery()}
    session.connection().execute(update(LINK).values(values))
