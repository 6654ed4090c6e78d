"""Passes a stored callback to its job: adds it to the timeline, and decides whether to ask Smile now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, select

from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import ALARMING_VERDICTS, WORTH_ASKING, Callback, Verdict
from dashboard.callbacks.queries import body_or_none, is_about
from dashboard.callbacks.reason_words import reason_facts
from dashboard.callbacks.receiving.parsing import parse, read_facts
from dashboard.jobs.following.binding import note_candidate
from dashboard.jobs.following.following import note_callback
from dashboard.jobs.models import Job, JobEvent, Result, ResultSource
from dashboard.jobs.timeline import EventKind

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
#: For the job's id at Smile, about which Smile is asked at once.
FIRST_WAIT_FOR_ID = timedelta(seconds=1)
#: A webhook may be faster than the answer to the submission, which names the id.
ANSWER_COMES_WITHIN = timedelta(minutes=2)
#: Smile is asked about the id that such a callback names, whatever its age. A copied signature is no reason to ask.
MAY_NAME_ID = WORTH_ASKING - ALARMING_VERDICTS

log = structlog.get_logger(__name__)


def callbacks_due(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """Callbacks for the sweep to wake: their task was lost, for example with a killed worker, or it failed."""
    return session.exec(
        select(Callback.id)
        .where(Callback.environment == environment, col(Callback.due_at) <= now)
        .order_by(col(Callback.due_at))
        .limit(limit)
    ).all()


def postpone(session: Session, callback_id: UUID, now: datetime) -> None:
    """Sets the time of the next try. One that always fails is tried less and less often and does not block others."""
    callback = session.get(Callback, callback_id, options=[WITHOUT_BODY])
    if callback and callback.due_at and callback.due_at <= now:
        callback.due_at = now + min(FIRST_WAIT * 2 ** min(callback.attempts, 20), LONGEST_WAIT)
        callback.attempts += 1


def hand_to_job(session: Session, callback_id: UUID, now: datetime) -> UUID | None:
    """Passes the callback to its job, once however often it runs. Returns the job if it should be checked now."""
    unhandled = (col(Callback.id) == callback_id, col(Callback.handled_at).is_(None))
    if (
        not session.connection()
        .execute(update(Callback).where(*unhandled).values(handled_at=now, due_at=None))
        .rowcount
    ):
        return None
    callback = session.get_one(Callback, callback_id)
    # Locked, since the worker may be saving the job's next step.
    job = session.get(Job, callback.job_id, with_for_update=True) if callback.job_id else None
    if job is None:
        return None
    is_about_it = is_about(callback, job)
    is_worth_asking = is_about_it and callback.verdict in WORTH_ASKING
    note_callback(
        session,
        job,
        callback_id=callback.id,
        verdict=callback.verdict.value,
        reason=reason_facts(callback),
        received_at=callback.received_at,
        payload=_claim_in(session, callback) if is_about_it and _has_new_claim(session, callback) else None,
        is_told=_is_on_timeline(session, callback),
        is_worth_asking=is_worth_asking,
        is_believable=is_about_it and callback.verdict == Verdict.VALID and callback.erased_at is None,
        now=now,
    )
    if not is_about_it:
        is_worth_asking = _offer_id(session, callback, job, now)
    return job.id if is_worth_asking else None


def _offer_id(session: Session, callback: Callback, job: Job, now: datetime) -> bool:
    """Offers the id that it names to a job whose id at Smile is not known. Returns whether Smile should be asked.

    While that is undecided the callback is handed over again and again: only then its claim is one about this job.
    """
    if not job.is_unbound or callback.erased_at or callback.verdict not in MAY_NAME_ID:
        return False
    payload = _claim_in(session, callback) or {}
    marker = read_facts(payload, callback.headers).marker
    is_news = note_candidate(session, job, callback.claimed_smile_job_id, marker, now)
    may_be_bound = any(each["id"] == callback.claimed_smile_job_id and not each["refused"] for each in job.candidates)
    if may_be_bound or now - callback.received_at < ANSWER_COMES_WITHIN:
        callback.handled_at = None
        callback.due_at = now + min(FIRST_WAIT_FOR_ID * 2 ** min(callback.attempts, 20), LONGEST_WAIT)
    return is_news


def _claim_in(session: Session, callback: Callback) -> dict[str, Any] | None:
    """The parsed body; None if it cannot be opened. Smile is asked in any case, and only its answer decides."""
    body = body_or_none(session, callback)
    if body is None:
        log.warning("callback_unreadable", callback=str(callback.id))
    return None if body is None else parse(body)


def _is_on_timeline(session: Session, callback: Callback) -> bool:
    """Whether the timeline already has a line about it: processing again passes it to the job once more."""
    at_that_time = select(JobEvent).where(JobEvent.job_id == callback.job_id, JobEvent.at == callback.received_at)
    events = session.exec(at_that_time.where(JobEvent.kind == EventKind.CALLBACK)).all()
    return any(event.facts.get("callback_id") == str(callback.id) for event in events)


def _has_new_claim(session: Session, callback: Callback) -> bool:
    """Whether to store its result as a claim: only if it is believable, not erased, and not stored yet.

    A copied signature can be sent for another job within seconds, just like two genuine callbacks of one millisecond.
    Such a callback is still a reason to ask Smile, but its result is left to Smile's answer.
    """
    if callback.verdict != Verdict.VALID or callback.erased_at or callback.signature_use:
        return False
    return not _claim_is_stored(session, callback)


def _claim_is_stored(session: Session, callback: Callback) -> bool:
    claims = select(Result.id).where(Result.job_id == callback.job_id, Result.source == ResultSource.CALLBACK)
    return session.exec(claims.where(Result.received_at == callback.received_at)).first() is not None
