"""Binds a job of v3 to Smile's id for it, where no answer of Smile has named that id to us.

Smile makes the ids of v3. Where the answer to a submission was lost, and for jobs that a customer submits on Smile's
pages, the id comes in a callback, whose body is not signed. So it is a candidate (`note_candidate`), about which a
leased run asks Smile. It binds only if

- the callback carried this job's marker,
- the id was made after the job was about to be sent: it holds the time of its making,
- no other job here has it,
- and Smile, asked about it, names our user id.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.context import current
from dashboard.jobs.following.awaiting import note_submission
from dashboard.jobs.following.waking import wake
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.submitting.link_progress import note_progress
from dashboard.jobs.submitting.markers import is_marker_of
from dashboard.jobs.timeline import EventKind, SentHow, add_event
from dashboard.smile.v3 import JobStatus
from dashboard.smile.v3.ids import made_at

#: A callback with the right marker can come from Smile, or from somebody who has seen one: a few ids are enough.
MOST_CANDIDATES = 8
#: Smile may not know a job for a moment after it has accepted it; later it never will.
UNKNOWN_FOR = timedelta(hours=1)
#: How far our reading of Smile's clock may be ahead of it.
CLOCK_MARGIN = timedelta(seconds=1)


class NotBound(StrEnum):
    """Why an id with this job's marker is not this job's."""

    OTHER_USER = "other_user"
    OTHER_JOB = "other_job"  # another job here has it
    UNKNOWN = "unknown"  # to Smile
    SECOND = "second"  # the job has another id


def note_candidate(session: Session, job: Job, smile_job_id: str, marker: object, now: datetime) -> bool:
    """Notes the id that a callback with this marker names, and has Smile asked about it. Returns whether it is news.

    The caller has locked the job. Nothing is believed of the callback, and the job does not change by it.
    """
    made = made_at(smile_job_id)
    if made is None or not is_marker_of(current().settings.secret_key.get_secret_value(), job.id, marker):
        return False
    if job.sending_at is None or made < job.sending_at - CLOCK_MARGIN or job.erased_at:
        return False
    if smile_job_id == job.smile_job_id or any(each["id"] == smile_job_id for each in job.candidates):
        return False
    candidates = _with_room(job)
    if candidates is None:
        return False
    refused = NotBound.SECOND.value if job.smile_job_id else None
    job.candidates = [*candidates, {"id": smile_job_id, "noted_at": now.isoformat(), "refused": refused}]
    if refused:
        _note_refused(session, job, smile_job_id, NotBound.SECOND, now)
    elif job.is_unbound:
        add_event(session, job, EventKind.CANDIDATE, now, {"smile_job_id": smile_job_id})
        job.checks = 0
        wake(job, now, at_once=len(job.candidates) == 1)
        job.changed(now)
    return True


def next_candidate(job: Job) -> str | None:
    """The id to ask Smile about: of several in turn, so that none is in the way of another."""
    undecided = [each["id"] for each in job.candidates if not each["refused"]] if job.is_unbound else []
    return undecided[job.checks % len(undecided)] if undecided else None


def bind(session: Session, job: Job, asked: str, status: JobStatus, settings: Settings, now: datetime) -> bool:
    """Judges the candidate `asked` by Smile's answer. False: it is refused, or left for later."""
    candidate = next((each for each in job.candidates if each["id"] == asked and not each["refused"]), None)
    if candidate is None or not job.is_unbound:
        return False
    noted_at = datetime.fromisoformat(candidate["noted_at"])
    if status.status in ("not_found", "") or status.job_id != asked:
        if now - noted_at > UNKNOWN_FOR:
            _refuse(session, job, asked, NotBound.UNKNOWN, now)
        return False
    if status.user_id != job.user_id:
        _refuse(session, job, asked, NotBound.OTHER_USER, now)
        return False
    if _is_taken(session, job, asked):
        _refuse(session, job, asked, NotBound.OTHER_JOB, now)
        return False
    _note_bound(session, job, asked, settings, now)
    job.callback_at = job.callback_at or noted_at
    return True


def note_smile_job_id(session: Session, job: Job, smile_job_id: str, now: datetime) -> None:
    """Sets Smile's id of the job, after which no other one is a candidate."""
    job.smile_job_id = smile_job_id
    for each in job.candidates:
        if each["id"] != smile_job_id and not each["refused"]:
            _refuse(session, job, each["id"], NotBound.SECOND, now)


def _note_bound(session: Session, job: Job, smile_job_id: str, settings: Settings, now: datetime) -> None:
    note_smile_job_id(session, job, smile_job_id, now)
    if job.is_with_customer:
        note_submission(session, job, settings, now, SentHow.BOUND)
        return
    made = made_at(smile_job_id)
    job.state = JobState.WAITING
    job.step = SendingStep.SENT
    job.submitted_at = job.submitted_at or max(job.created_at, min(made or now, now))
    job.checks = 0
    job.note_problem(None)
    add_event(session, job, EventKind.SENT, now, {"how": SentHow.BOUND.value})
    job.changed(now)
    note_progress(session, job)


def _with_room(job: Job) -> list[dict[str, Any]] | None:
    """The candidates without the oldest refused one if there are too many; None where all of them are still open."""
    if len(job.candidates) < MOST_CANDIDATES:
        return job.candidates
    refused = next((each for each in job.candidates if each["refused"]), None)
    return None if refused is None else [each for each in job.candidates if each is not refused]


def _is_taken(session: Session, job: Job, smile_job_id: str) -> bool:
    same = select(Job.id).where(Job.environment == job.environment, Job.smile_job_id == smile_job_id)
    return session.exec(same).first() is not None


def _refuse(session: Session, job: Job, smile_job_id: str, why: NotBound, now: datetime) -> None:
    job.candidates = [each | {"refused": why.value} if each["id"] == smile_job_id else each for each in job.candidates]
    _note_refused(session, job, smile_job_id, why, now)


def _note_refused(session: Session, job: Job, smile_job_id: str, why: NotBound, now: datetime) -> None:
    add_event(session, job, EventKind.NOT_BOUND, now, {"smile_job_id": smile_job_id, "why": why.value})
    job.changed(now)
