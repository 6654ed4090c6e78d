"""Sends a job to Smile's v3 API: `send_to_v3` is one leased run, and a job is submitted once or never.

    created -> sending -> sent

v3 makes the job id and knows no key for repeated requests, so what may have arrived is never sent again. `sending` is
saved at the last moment, when the token and the body are there. A run that finds it follows one that was killed after
that, and nobody knows whether the request left. The job then waits for a callback with its marker, which binding.py
judges, and asks for a person.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from dashboard.config import Settings
from dashboard.crypto import UnreadableValue
from dashboard.jobs.following.binding import note_smile_job_id
from dashboard.jobs.following.outcome import settle_job
from dashboard.jobs.following.setbacks import fail, try_later
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import Image, Job, JobState, ResultSource, SendingStep
from dashboard.jobs.problems import ProblemKind, problem, problem_of
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.smile_api.smile_clock import SmileClock
from dashboard.jobs.submitting.leases import Lease
from dashboard.jobs.submitting.v3_requests import v3_request
from dashboard.jobs.timeline import EventKind, SentHow, add_event
from dashboard.outages import what_is_away
from dashboard.smile import InvalidRequest, Refused, SmileError, v3
from dashboard.smile.v3.constants import JOB_ID

#: Our clock is a little ahead, so the consent was given later than Smile's says: soon that is over.
CONSENT_IN_FUTURE = "consent_in_future"
#: While the database is away, an answer of Smile is kept in memory: nobody else will ever get it.
SAVING_WAITS_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Answered:
    """What Smile answered to a submission: its id of the job, and the result where it came at once."""

    smile_job_id: str = ""
    result: dict[str, Any] | None = None


class Leaving:
    """Saves that the submission leaves now. `has_left`: nobody can tell any more that it did not."""

    def __init__(self, lease: Lease, clock: SmileClock) -> None:
        self._lease = lease
        self._clock = clock
        self.has_left = False

    def __call__(self) -> None:
        with self._lease.saving() as (_, job, now):
            job.step = SendingStep.SENDING
            job.state = JobState.SUBMITTING
            job.sending_at = self._clock.time_at_smile(now)
            job.changed(now)
        self.has_left = True


def send_to_v3(lease: Lease, clients: SmileClients, settings: Settings) -> None:
    leaving = Leaving(lease, clients.clock)
    try:
        with lease.saving() as (session, job, now):
            if job.step == SendingStep.SENDING:
                _note_may_have_arrived(session, job, settings, now)
                return
            request = v3_request(session, job, settings)
        answered = _submit(clients.v3, request, leaving)
    except InvalidRequest as error:
        _take_back(lease, leaving)
        fail(lease, None, None, problem(ProblemKind.REFUSED_HERE, said=str(error)))
    except UnreadableValue:
        _take_back(lease, leaving)
        try_later(lease, settings, problem(ProblemKind.UNREADABLE))
    except SmileError as error:
        _handle_error(lease, settings, error, leaving)
    else:
        _save_answer(lease, settings, answered)


def _submit(client: v3.Client, request: v3.Submission, leaving: Leaving) -> Answered:
    if isinstance(request, v3.EnhancedKyc):
        # Its answer is the confirmed result; of the other products only a callback, which proves nothing, has more
        # than the decision.
        result = client.verifications.look_up(request, before_sending=leaving)
        return Answered(result.job_id, result.payload)
    return Answered(client.verifications.submit(request, before_sending=leaving).job_id)


def _handle_error(lease: Lease, settings: Settings, error: SmileError, leaving: Leaving) -> None:
    if leaving.has_left and error.smile_job_id:
        _save_answer(lease, settings, Answered(error.smile_job_id))
    elif leaving.has_left and error.maybe_sent:
        with lease.saving(even_if_lost=True) as (session, job, now):
            if job.step == SendingStep.SENDING and not job.erased_at:
                _note_may_have_arrived(session, job, settings, now, said=str(error))
    else:
        _take_back(lease, leaving)
        if isinstance(error, Refused) and not error.may_retry and error.code != CONSENT_IN_FUTURE:
            fail(lease, error.code, error.reason, problem_of(error))
        else:
            try_later(lease, settings, problem_of(error), error.retry_after if isinstance(error, Refused) else None)


def _take_back(lease: Lease, leaving: Leaving) -> None:
    """Notes that Smile does not have the job, so that it can be sent again, or cancelled."""
    if leaving.has_left:
        with lease.saving(even_if_lost=True) as (_, job, now):
            if job.step == SendingStep.SENDING and not job.erased_at:
                job.step, job.state, job.sending_at = SendingStep.CREATED, JobState.QUEUED, None
                job.due_at = now
                job.changed(now)


def _save_answer(lease: Lease, settings: Settings, answered: Answered) -> None:
    """Saves what Smile answered, also after another run took the lease over: the submission left once, here."""
    if not JOB_ID.fullmatch(answered.smile_job_id) and answered.result is None:
        answered = Answered()

    def save() -> None:
        with lease.saving(even_if_lost=True) as (session, job, now):
            if job.step == SendingStep.SENDING and not job.erased_at:
                _note_answer(session, job, settings, answered, now)

    _while_database_is_away(save)


def _while_database_is_away(save: Callable[[], None]) -> None:
    for wait in SAVING_WAITS_SECONDS:
        try:
            return save()
        except SQLAlchemyError as error:
            if what_is_away(error) is None:
                raise
        time.sleep(wait)
    return save()


def _note_answer(session: Session, job: Job, settings: Settings, answered: Answered, now: datetime) -> None:
    result = read_v3(answered.result) if answered.result else None
    is_settled = result is not None and result.outcome is not None
    if not is_settled and not answered.smile_job_id:
        _note_may_have_arrived(session, job, settings, now)
        return
    if JOB_ID.fullmatch(answered.smile_job_id):
        note_smile_job_id(session, job, answered.smile_job_id, now)
    job.step = SendingStep.SENT
    job.state = JobState.WAITING
    job.submitted_at = now
    job.note_problem(None)
    add_event(session, job, EventKind.SENT, now, _how(session, job, is_settled))
    job.changed(now)
    if result is not None and is_settled:
        job.due_at = None
        settle_job(session, job, result, ResultSource.SUBMIT, now)
        return
    if not FACTS[job.product].is_answered_at_once:  # What is answered at once has no callback.
        job.callback_due_at = now + timedelta(seconds=settings.callback_expected_within)
    # If a callback came before this commit, there is nothing to wait for.
    job.due_at = now + timedelta(seconds=0.0 if job.callback_at else settings.check_waits[0])


def _how(session: Session, job: Job, is_settled: bool) -> dict[str, Any]:
    if FACTS[job.product].is_answered_at_once:
        return {"how": (SentHow.ANSWERED_AT_ONCE if is_settled else SentHow.WITHOUT_RESULT).value}
    images = select(func.count(), func.coalesce(func.sum(Image.size), 0)).where(col(Image.job_id) == job.id)
    count, size = session.exec(images).one()
    return {"how": SentHow.IMAGES.value, "count": count, "size": int(size)}


def _note_may_have_arrived(
    session: Session, job: Job, settings: Settings, now: datetime, said: str | None = None
) -> None:
    """The answer is lost. Only a callback can name Smile's id of the job now, and for some products none will come."""
    found = problem(ProblemKind.MAY_HAVE_ARRIVED, said=said, has_callback=not FACTS[job.product].is_answered_at_once)
    job.state = JobState.WAITING
    job.note_problem(found)
    # A candidate may have come already.
    job.due_at = now if job.candidates else now + timedelta(seconds=settings.check_for)
    add_event(session, job, EventKind.MAY_HAVE_ARRIVED, now, {"problem": found})
    job.changed(now)
