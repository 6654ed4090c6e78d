"""Queries about callbacks: one callback, and what is shown with it or in a list."""

import zlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.callbacks.filters import WITHOUT_BODY, CallbackFilter
from dashboard.callbacks.models import Callback
from dashboard.db import keyring_of
from dashboard.errors import NotFound
from dashboard.jobs.models import Job, JobEvent, Outcome, Result
from dashboard.jobs.showing.listing import customer_label
from dashboard.smile.constants import SmileApi
from dashboard.web.lists.fields import Scope

JOB_ID_PREFIX = "test-callback-"  # of the job id in our test callbacks
NOTHING = b"{}"
ABOVE = 10
BELOW = 20
MOST_OF_A_JOB = 50


def body_of(session: Session, callback: Callback) -> bytes:
    """The body as received; an empty object once it is erased. Raises UnreadableValue."""
    if callback.erased_at:
        return NOTHING
    return keyring_of(session).open(callback.body_sealed, callback.body_associated_data)


def body_or_none(session: Session, callback: Callback) -> bytes | None:
    """The body as received; None if it cannot be opened."""
    if callback.erased_at:
        return NOTHING
    return keyring_of(session).open_or_none(callback.body_sealed, callback.body_associated_data)


def is_about(callback: Callback, job: Job) -> bool:
    """Whether it speaks of this job. In v3 it may have come to the job's address and name another id of Smile."""
    return job.api == SmileApi.V1 or callback.claimed_smile_job_id == (job.smile_job_id or None)


def versions_of_jobs(session: Session, ids: Iterable[UUID | None]) -> list[tuple[UUID, int]]:
    known = sorted({each for each in ids if each})
    found = select(Job.id, Job.version).where(col(Job.id).in_(known)).order_by(col(Job.id))
    return [(job_id, version) for job_id, version in session.connection().execute(found)] if known else []


def outcomes_of_jobs(session: Session, callbacks: Sequence[Callback]) -> dict[UUID | None, Outcome]:
    """The outcomes of their jobs by Smile's own answers, by job id."""
    ids = {callback.job_id for callback in callbacks if callback.job_id}
    settled = select(Job.id, Job.outcome).where(col(Job.id).in_(ids), col(Job.outcome).is_not(None))
    return {job_id: Outcome(outcome) for job_id, outcome in session.exec(settled).all() if outcome}


def customers_of(session: Session, callbacks: Sequence[Callback]) -> dict[UUID, str]:
    """The names of their jobs' customers as lists show them, by job id."""
    ids = {callback.job_id for callback in callbacks if callback.job_id}
    named = select(Job.id, Job.customer_reference, Job.user_id).where(col(Job.id).in_(ids))
    return {row.id: customer_label(row) for row in session.connection().execute(named)}


def find_callback(session: Session, environment: str, callback_id: UUID, *, to_change: bool = False) -> Callback:
    callback = session.get(Callback, callback_id, with_for_update=to_change)
    if callback is None or callback.environment != environment:
        raise NotFound(
            "This callback does not exist, or it was refused and has been deleted to make room for newer ones."
        )
    return callback


def find_last_callback(session: Session, environment: str) -> Callback | None:
    """The newest callback. A test callback that arrived too late to be removed does not count."""
    is_real = ~col(Callback.claimed_job_id).startswith(JOB_ID_PREFIX)
    newest = select(Callback).where(Callback.environment == environment, is_real).order_by(col(Callback.id).desc())
    return session.exec(newest.options(WITHOUT_BODY).limit(1)).first()


def version_of(session: Session, environment: str, callback_id: UUID) -> int:
    """A number that changes when the live part of its page would look different."""
    seen = select(Callback.verdict, Callback.times_seen, Callback.handled_at, Callback.job_id)
    row = session.exec(seen.where(Callback.id == callback_id, Callback.environment == environment)).first()
    if row is None:
        raise NotFound
    job_version = session.exec(select(Job.version).where(Job.id == row[3])).first() if row[3] else None
    return zlib.crc32(repr((*map(str, row), job_version)).encode())


def list_around(scope: Scope, filters: CallbackFilter, chosen: Callback) -> Sequence[Callback]:
    """The part of a list around the chosen one, which is included even if it no longer matches the filters."""
    conditions = filters.conditions(scope)
    before = [filters.after(chosen.id, is_backwards=True)]
    above = filters.in_order(scope, conditions, before, ABOVE, is_backwards=True)
    below = filters.in_order(scope, conditions, [filters.after(chosen.id)], BELOW)
    return [*reversed(scope.session.exec(above).all()), chosen, *scope.session.exec(below).all()]


def callbacks_of_same_job(session: Session, callback: Callback) -> Sequence[Callback]:
    """All callbacks of its job, itself included, oldest first. Orphans are grouped by the job id that they name."""
    same = select(Callback).where(Callback.environment == callback.environment).options(WITHOUT_BODY)
    if callback.job_id:
        same = same.where(Callback.job_id == callback.job_id)
    elif callback.claimed_job_id:
        same = same.where(Callback.claimed_job_id == callback.claimed_job_id, col(Callback.job_id).is_(None))
    else:
        return [callback]
    newer = same.where(col(Callback.id) > callback.id).order_by(col(Callback.id)).limit(MOST_OF_A_JOB)
    older = same.where(col(Callback.id) < callback.id).order_by(col(Callback.id).desc()).limit(MOST_OF_A_JOB)
    return [*reversed(session.exec(older).all()), callback, *session.exec(newer).all()]


def confirmed_results(session: Session, callback: Callback) -> Sequence[Result]:
    """Smile's answers to our own requests about its job, oldest first: only those decide."""
    confirmed = select(Result).where(Result.job_id == callback.job_id, col(Result.is_confirmed))
    return session.exec(confirmed.order_by(col(Result.received_at), col(Result.id))).all()


def events_since(session: Session, callback: Callback) -> Sequence[JobEvent]:
    """The lines of its job's timeline since its arrival."""
    events = select(JobEvent).where(JobEvent.job_id == callback.job_id, JobEvent.at >= callback.received_at)
    return session.exec(events.order_by(col(JobEvent.at), col(JobEvent.id)).limit(MOST_OF_A_JOB)).all()
