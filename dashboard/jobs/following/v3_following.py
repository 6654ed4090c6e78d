"""Follows a job of v3: asks for its status by Smile's id, or about an id that a callback names as its."""

from datetime import datetime, timedelta

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.jobs.following.awaiting import schedule_next_look
from dashboard.jobs.following.binding import bind, next_candidate
from dashboard.jobs.following.following import schedule_next
from dashboard.jobs.following.outcome import settle_job
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import ENDED_STATES, Job, JobState, ResultSource
from dashboard.jobs.problems import Problem, ProblemKind, problem
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.submitting.leases import Lease
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile import SmileError
from dashboard.smile.v3 import JobStatus

#: Smile finds a job moments after it has accepted it.
KNOWN_WITHIN = timedelta(minutes=1)


def check_v3_job(lease: Lease, clients: SmileClients, settings: Settings) -> None:
    """Asks Smile once, lets the answer decide, and schedules the next check."""
    with lease.saving() as (session, job, now):
        asked = job.smile_job_id or next_candidate(job)
        if asked is None:
            _wait_for_callback(session, job, settings, now)
            return
        job.checked_at = now
        job.checks += 1
        # Postponed before asking, so that a failing run does not loop and a wake-up meanwhile can be seen.
        job.due_at = unless_woken = now + timedelta(seconds=settings.lease)
    status, found = None, None
    try:
        status = clients.v3.jobs.status(asked)
    except SmileError as error:
        found = problem(ProblemKind.NO_ANSWER, said=str(error))
    with lease.saving() as (session, job, now):
        if status is not None and job.is_unbound and bind(session, job, asked, status, settings, now):
            job.due_at = unless_woken  # This check was the one that a submission asks for.
        if job.smile_job_id == asked:
            if status is not None:
                _settle(session, job, status, now)
                found = _not_known(job, status, now)
            _note_problem(job, found, now)
        woken_for = job.due_at if job.due_at != unless_woken else None
        _schedule_next(session, job, settings, now)
        if woken_for and (job.due_at is None or woken_for < job.due_at):
            job.due_at = woken_for


def _settle(session: Session, job: Job, status: JobStatus, now: datetime) -> None:
    answer = read_v3(status.payload)
    if answer.outcome is not None:
        settle_job(session, job, answer, ResultSource.JOB_STATUS, now)


def _not_known(job: Job, status: JobStatus, now: datetime) -> Problem | None:
    """Smile accepted the job and does not find it: for a moment that is usual."""
    is_usual = now - (job.submitted_at or now) < KNOWN_WITHIN
    return None if status.status != "not_found" or is_usual else problem(ProblemKind.NOT_KNOWN)


def _note_problem(job: Job, found: Problem | None, now: datetime) -> None:
    if found != job.problem and job.state not in ENDED_STATES:  # in those, the problem says why the job ended
        job.note_problem(found)
        job.changed(now)


def _schedule_next(session: Session, job: Job, settings: Settings, now: datetime) -> None:
    if job.smile_job_id:
        schedule_next(session, job, settings, now)
    elif next_candidate(job):
        # Smile knows a job within moments; an id that it never knows is refused after a while.
        job.due_at = now + timedelta(seconds=settings.check_waits[min(job.checks, len(settings.check_waits) - 1)])
    else:
        _wait_for_callback(session, job, settings, now)


def _wait_for_callback(session: Session, job: Job, settings: Settings, now: datetime) -> None:
    """Nothing can be asked before a callback names Smile's id of the job."""
    if job.state == JobState.AWAITING_CUSTOMER:
        schedule_next_look(session, job, settings, now)
        return
    waits_until = (job.sending_at or job.created_at) + timedelta(seconds=settings.check_for)
    if job.state != JobState.WAITING or now < waits_until:
        job.due_at = waits_until if job.state == JobState.WAITING else None
        return
    job.state = JobState.EXPIRED
    job.due_at = None
    gave_up = problem(ProblemKind.NO_CALLBACK, is_from_link=job.link_id is not None)
    job.note_problem(gave_up)
    add_event(session, job, EventKind.EXPIRED, now, {"problem": gave_up})
    job.changed(now)
