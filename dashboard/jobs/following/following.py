"""Follows a job after it was sent: asks job_status when due, notes callbacks, and stops when the job is settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import uniform
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.errors import Conflict
from dashboard.jobs.dealt_with import bring_back
from dashboard.jobs.following.awaiting import note_submission, schedule_next_look
from dashboard.jobs.following.outcome import keep_result, note_disagreement, read_claim, read_job_status, settle_job
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.following.waking import wake
from dashboard.jobs.models import ENDED_STATES, Job, JobState, ResultSource, SendingStep
from dashboard.jobs.problems import ProblemKind, problem, problem_of_clock
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.smile_api.job_lookup import JobLookup, ask_job_status, read_lookup
from dashboard.jobs.submitting.leases import Lease
from dashboard.jobs.timeline import EventKind, SentHow, add_event
from dashboard.smile import SmileError
from dashboard.smile.constants import SmileApi

ID_NOT_KNOWN = "Smile's id of this job is not known yet"
NOT_SENT = "Nothing has been sent to Smile yet"


def jobs_due(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """The jobs for the sweep to wake: due and not leased."""
    return session.exec(
        select(Job.id)
        .where(Job.environment == environment, col(Job.due_at) <= now)
        .where(or_(col(Job.lease_until).is_(None), col(Job.lease_until) <= now))
        .order_by(col(Job.due_at))
        .limit(limit)
    ).all()


def check_job(lease: Lease, clients: SmileClients, settings: Settings) -> None:
    """Asks Smile once, lets the answer decide, and schedules the next check."""
    with lease.saving() as (_, job, now):
        job.checked_at = now
        job.checks += 1
        # Postponed before asking, so that a failing run does not loop and a wake-up meanwhile can be seen.
        job.due_at = unless_woken = now + timedelta(seconds=settings.lease)
        partner_params = {"user_id": job.user_id, "job_id": job.job_id, "job_type": job.job_type}
        # The customer's browser submits these, or claims that it did, so Smile may not know them yet.
        may_be_unknown = job.link_id is not None
    found, answer, must_wait_for_clock = None, None, False
    try:
        if may_be_unknown:
            answer = ask_job_status(clients, partner_params)
        else:
            answer = clients.web_api.get_job_status(partner_params)
    except SmileError as error:
        must_wait_for_clock = clients.clock.note_refusal(error)
        found = (
            problem_of_clock(clients.clock) if must_wait_for_clock else problem(ProblemKind.NO_ANSWER, said=str(error))
        )
    with lease.saving() as (session, job, now):
        if job.is_with_customer and read_lookup(answer) == JobLookup.RECEIVED:
            note_submission(session, job, settings, now, SentHow.SMILE_HAS_IT)
            job.due_at = unless_woken  # This check was the one that a submission asks for.
        result = read_job_status(answer, job.job_type) if answer else None
        if result is not None:
            settle_job(session, job, result, ResultSource.JOB_STATUS, now)
        elif answer and _lost_its_zip(job, answer, settings, now):
            _send_again(session, job, now)
            return
        is_news = found != job.problem or (found is None and job.last_error is not None)
        if is_news and job.state not in ENDED_STATES:  # in those, the problem says why the job ended
            job.note_problem(found)
            job.changed(now)
        if must_wait_for_clock:
            job.due_at = clients.clock.next_try_at
            return
        woken_for = job.due_at if job.due_at != unless_woken else None
        schedule_next(session, job, settings, now)
        if woken_for and (job.due_at is None or woken_for < job.due_at):
            job.due_at = woken_for


def _lost_its_zip(job: Job, answer: dict[str, Any], settings: Settings, now: datetime) -> bool:
    """Whether images that were sent never arrived. Smile needs a while before it sees those that did."""
    if job.state != JobState.WAITING or read_lookup(answer) != JobLookup.WITHOUT_ZIP:
        return False
    if job.link_id is not None:
        return False  # The images are on the customer's phone; there are none here to send.
    if job.attempts >= len(settings.retry_waits):
        return False  # Sent often enough; the job is followed until it expires.
    return now - (job.submitted_at or now) > timedelta(seconds=settings.zip_lost_after)


def _send_again(session: Session, job: Job, now: datetime) -> None:
    """Returns the job to its submission, which asks once more and then prepares it again; it was not charged yet."""
    job.state = JobState.SUBMITTING
    job.step = SendingStep.PREPARING
    job.attempts += 1
    job.due_at = now
    add_event(session, job, EventKind.ZIP_LOST, now)
    job.changed(now)


def schedule_next(session: Session, job: Job, settings: Settings, now: datetime) -> None:
    if job.is_settled:
        job.due_at = None
        return
    if job.state == JobState.AWAITING_CUSTOMER:
        schedule_next_look(session, job, settings, now)
        return
    sent_at = job.submitted_at or job.created_at
    if now - sent_at > timedelta(seconds=settings.check_for):
        job.due_at = None
        if job.state == JobState.WAITING:
            job.state = JobState.EXPIRED
            gave_up = problem(ProblemKind.NO_RESULT)
            job.note_problem(gave_up)
            add_event(session, job, EventKind.EXPIRED, now, {"problem": gave_up})
            job.changed(now)
        return
    waits = settings.check_waits
    wait = waits[job.checks] if job.checks < len(waits) else settings.check_every_after
    job.due_at = now + timedelta(seconds=wait * uniform(0.9, 1.1))


def request_check(session: Session, job: Job, asked_by: str, now: datetime) -> None:
    """Carries out a person's "check now": at once, unless Smile was asked a moment ago."""
    if not job.may_check:
        raise Conflict(f"{ID_NOT_KNOWN if job.is_unbound else NOT_SENT}, so there is nothing to ask about.")
    wake(job, now)
    add_event(session, job, EventKind.CHECK_REQUESTED, now, {"by": asked_by})
    job.changed(now)


def note_callback(
    session: Session,
    job: Job,
    *,
    callback_id: UUID,
    verdict: str,
    reason: Sequence[Mapping[str, Any]] | str,
    received_at: datetime,
    payload: dict[str, Any] | None,
    is_worth_asking: bool,
    is_believable: bool = False,
    is_told: bool = False,
    now: datetime,
) -> None:
    """Notes a callback, which is only a hint: adds it to the timeline, unless it `is_told` there, and may wake a check.

    `payload` is its claim, which is stored as a claim; None where there is none. A callback that `is_believable` is the
    one that the job waits for, whether or not its claim is stored. `reason`: the steps that its verdict rests on,
    worded by the callbacks slice; for an older callback, its words.
    """
    if not is_told:
        facts = {"callback_id": str(callback_id), "verdict": verdict, "received_at": received_at.isoformat()}
        add_event(session, job, EventKind.CALLBACK, received_at, facts | {"reason": reason})
    is_believable = is_believable or payload is not None
    is_first = is_believable and job.callback_at is None
    if payload is not None:
        claim = read_v3(payload) if job.api == SmileApi.V3 else read_claim(payload, job.job_type)
        keep_result(session, job, claim, ResultSource.CALLBACK, received_at, is_confirmed=False)
        note_disagreement(session, job, now)
    if is_believable:
        job.callback_at = job.callback_at or received_at
    if is_worth_asking and job.state != JobState.SUBMITTING and job.may_check:
        wake(job, now, at_once=is_first and job.outcome is None)
    job.changed(now)


def overdue_unnoted(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """Jobs whose callback is overdue and whose timeline does not say so yet."""
    return session.exec(
        select(Job.id)
        .where(Job.environment == environment, col(Job.callback_due_at) <= now)
        .where(col(Job.callback_at).is_(None), col(Job.overdue_noted_at).is_(None))
        .limit(limit)
    ).all()


def note_overdue(session: Session, job: Job, now: datetime) -> None:
    """Notes once that the callback is overdue, so that the timeline says so and open pages notice."""
    if job.overdue_noted_at is None and job.callback_overdue(now):
        job.overdue_noted_at = now
        add_event(session, job, EventKind.OVERDUE, now)
        if job.dealt_with_at and job.callback_due_at and job.dealt_with_at < job.callback_due_at:
            bring_back(session, job, "overdue", now)
        job.changed(now)
