"""Handing a stored callback over to its job: on the timeline, and as a reason to ask Smile now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.parsing import parse
from dashboard.db import keyring_of
from dashboard.jobs.following import note_callback
from dashboard.jobs.models import Job

#: The queue is usually faster than this; whatever is older was lost on the way.
LOST_AFTER = timedelta(seconds=2)


def callbacks_due(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """What the sweep wakes: stored, but its task was lost, as when a worker was killed."""
    return session.exec(
        select(Callback.id)
        .where(Callback.environment == environment, col(Callback.handled_at).is_(None))
        .where(col(Callback.received_at) < now - LOST_AFTER)
        .order_by(col(Callback.received_at))
        .limit(limit)
    ).all()


def hand_over(session: Session, callback_id: UUID, now: datetime) -> UUID | None:
    """Tells the job, once however often it runs. Returns the job that has a reason to be checked now."""
    unhandled = (col(Callback.id) == callback_id, col(Callback.handled_at).is_(None))
    if not session.connection().execute(update(Callback).where(*unhandled).values(handled_at=now)).rowcount:
        return None
    callback = session.get_one(Callback, callback_id)
    # Locked, since the worker may be saving the job's next step at this moment.
    job = session.get(Job, callback.job_id, with_for_update=True) if callback.job_id else None
    if job is None:
        return None
    note_callback(
        session,
        job,
        callback_id=callback.id,
        verdict=callback.verdict.value,
        reason=callback.reason,
        received_at=callback.received_at,
        payload=parse(keyring_of(session).open(callback.body_sealed, callback.body_identity)),
        now=now,
    )
    return job.id if callback.verdict == Verdict.VALID else None
