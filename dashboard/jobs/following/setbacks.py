"""What becomes of a job that could not be sent: it is tried later, or it has failed."""

from datetime import datetime, timedelta
from random import uniform

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.jobs.dealt_with import bring_back
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.problems import Problem, at_the_last_attempt
from dashboard.jobs.submitting.leases import Lease
from dashboard.jobs.submitting.link_progress import note_progress
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.web.pages.answers import json_time

#: The longest wait, even if Smile asks for a longer one.
LONGEST_WAIT_SECONDS = 3600.0


def try_later(
    lease: Lease, settings: Settings, found: Problem, retry_after: float | None = None, step: SendingStep | None = None
) -> None:
    with lease.saving() as (session, job, now):
        if job.attempts < len(settings.retry_waits):
            wait = max(settings.retry_waits[job.attempts] * uniform(0.8, 1.2), retry_after or 0)
            wait = min(wait, LONGEST_WAIT_SECONDS)
            job.attempts += 1
            job.due_at = now + timedelta(seconds=wait)
            job.note_problem(found)
            job.step = step or job.step
            facts = {"problem": found, "wait_seconds": round(wait), "next_try_at": json_time(job.due_at)}
            add_event(session, job, EventKind.DELAYED, now, facts)
            job.changed(now)
            return
    fail(lease, None, None, at_the_last_attempt(found))


def fail(lease: Lease, code: str | None, text: str | None, found: Problem) -> None:
    with lease.saving() as (session, job, now):
        fail_job(session, job, code, text, found, now)


def fail_job(session: Session, job: Job, code: str | None, text: str | None, found: Problem, now: datetime) -> None:
    job.state = JobState.FAILED
    job.result_code = code
    job.result_text = text
    job.note_problem(found)
    job.due_at = None
    job.settled_at = now
    job.upload_url_sealed = None
    add_event(session, job, EventKind.FAILED, now, {"problem": found} | ({"code": code} if code else {}))
    bring_back(session, job, "failed", now)
    job.changed(now)
    note_progress(session, job)
