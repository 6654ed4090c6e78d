"""Jobs that a customer completes on Smile's own pages: from Start until Smile has them or a day has passed.

awaiting_customer/created -> awaiting_customer/prepared -> waiting -> ...
                   (the browser has a token)      (submitted)
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.submitting.link_progress import note_progress
from dashboard.jobs.submitting.submission import JobRequest, new_job
from dashboard.jobs.timeline import EventKind, SentHow, add_event
from dashboard.smile.constants import SmileApi

WHO = "customer"


def await_customer(session: Session, request: JobRequest, settings: Settings, link_id: UUID, now: datetime) -> Job:
    """Saves the job before its token is requested. Nothing is due until the token's outcome is noted."""
    job = new_job(session, request, settings, JobState.AWAITING_CUSTOMER, WHO, now)
    job.link_id = link_id
    add_event(session, job, EventKind.STARTED, now)
    details = {"product": job.product.value, "job_id": job.job_id, "link": str(link_id)}
    record(session, "job.created", f"job {job.id}", now, who=WHO, details=details)
    return job


def note_token(
    session: Session, job: Job, settings: Settings, now: datetime, now_at_smile: datetime | None = None
) -> None:
    """Notes that a token was given: from now on Smile may receive the job, whether the browser tells us or not.

    `now_at_smile`: the time by Smile's clock, where it differs from ours.
    """
    is_first = job.step == SendingStep.CREATED
    job.step = SendingStep.PREPARED
    if job.api == SmileApi.V3:  # From now on Smile can make an id for it.
        job.sending_at = job.sending_at or now_at_smile or now
    job.note_problem(None)
    job.due_at = job.due_at or now + timedelta(seconds=settings.await_waits[0])
    add_event(session, job, EventKind.OPENED, now, {"is_first": is_first})
    job.changed(now)


def note_submission(
    session: Session, job: Job, settings: Settings, now: datetime, how: SentHow, named: str = ""
) -> None:
    """Notes that Smile should have the job. The browser may only claim it, so Smile is asked at once.

    An expired job counts too: a token outlives the day after which we gave up. `named`: the id that the browser gives
    for the job at Smile. It is only told: anybody can send one.
    """
    if not job.is_with_customer:
        return
    job.state = JobState.WAITING
    job.step = SendingStep.SENT
    job.submitted_at = now
    if not job.is_unbound:  # Else only a callback can tell whether Smile has it, so none can be missed.
        job.callback_due_at = now + timedelta(seconds=settings.callback_expected_within)
    job.checks = 0
    job.due_at = now
    job.note_problem(None)
    add_event(session, job, EventKind.SENT, now, {"how": how.value} | ({"smile_job_id": named} if named else {}))
    job.changed(now)
    note_progress(session, job)


def schedule_next_look(session: Session, job: Job, settings: Settings, now: datetime) -> None:
    """Schedules the next question to Smile, since a phone may fail to report back; after a day the job expires.

    Nothing can be asked about a job of v3 before a callback names Smile's id of it.
    """
    gives_up_at = job.created_at + timedelta(seconds=settings.await_customer_for)
    if now >= gives_up_at:
        job.state = JobState.EXPIRED
        gave_up = problem(ProblemKind.CUSTOMER_GAVE_UP)
        job.note_problem(gave_up)
        job.due_at = None
        add_event(session, job, EventKind.EXPIRED, now, {"problem": gave_up})
        job.changed(now)
        return
    waits = settings.await_waits
    wait = waits[job.checks] if job.checks < len(waits) else settings.check_every_after
    job.due_at = gives_up_at if job.is_unbound else min(gives_up_at, now + timedelta(seconds=wait))
