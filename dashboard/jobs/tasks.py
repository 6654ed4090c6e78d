"""The worker's tasks for jobs: thin calls into the verbs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import select

from dashboard.batches import Batches
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.jobs import earlier_warnings
from dashboard.jobs.following import following, smile_answers
from dashboard.jobs.following.following import check_job, note_overdue
from dashboard.jobs.following.sending import send_to_smile
from dashboard.jobs.following.smile_answers import SmileContact
from dashboard.jobs.following.v3_following import check_v3_job
from dashboard.jobs.following.v3_sending import send_to_v3
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.name_search.filling import tend_index
from dashboard.jobs.problems import Problem, problem_of_clock
from dashboard.jobs.search_index import fill_jobs, fill_until_done
from dashboard.jobs.smile_api import sent_signatures
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.jobs.smile_api.smile_clock import is_off
from dashboard.jobs.submitting import phones
from dashboard.jobs.submitting.leases import LeaseLost, leased
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import smile_keys
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task

log = structlog.get_logger(__name__)


def note_overdue_callback(job_id: UUID) -> None:
    with transaction() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is not None:
            note_overdue(session, job, utc_now())


def advance(job_id: UUID) -> None:
    """Takes a due job one step further; a second run does no harm, since only one gets the lease."""
    settings, clock = current().settings, current().smile_clients.clock
    with reading() as session:
        api = session.exec(select(Job.api).where(Job.id == job_id)).first()
    # Requests of v3 are not signed, so a wrong clock is not in their way.
    if api == SmileApi.V1 and not clock.take_try():
        note_clock(job_id, problem_of_clock(clock))
        return
    was_in_the_way, answers = clock.is_in_the_way, clock.answers
    with leased(job_id) as lease:
        if lease is None:
            return
        try:
            with lease.saving() as (_, job, _now):
                is_unsent = job.state in (JobState.QUEUED, JobState.SUBMITTING)
            send, check = (send_to_v3, check_v3_job) if api == SmileApi.V3 else (send_to_smile, check_job)
            (send if is_unsent else check)(lease, smile_clients(), settings)
        except LeaseLost:
            log.warning("lease_lost", job=str(job_id))
    if clock.answers == answers:
        ask_smile_if(lambda last: last is None or last.was_answered)
    if clock.is_in_the_way != was_in_the_way:
        ask_smile(utc_now())  # So that the health page shows it at once.


def note_clock(job_id: UUID, found: Problem) -> None:
    """Notes on a waiting job that the clock is off, where Smile was not asked about this job itself."""
    with reading() as session:
        is_noted = session.get_one(Job, job_id).problem == found
    if not is_noted:
        with transaction() as session:
            job = session.get_one(Job, job_id, with_for_update=True)
            if not job.is_settled:
                job.note_problem(found)
                job.changed(utc_now())


def ask_smile(now: datetime) -> None:
    """Asks Smile, outside any transaction, and stores the answer."""
    answer = smile_answers.ask_smile(current().settings, smile_keys())
    with transaction() as session:
        smile_answers.save_contact(session, answer, now)


def ask_smile_while_something_is_wrong(_: datetime) -> None:
    """Keeps asking, so that the health page soon shows that the clock was set or that Smile answers again."""
    ask_smile_if(lambda last: last is not None and (not last.was_answered or is_off(last.clock_offset_seconds)))


def ask_smile_if(is_worth_it: Callable[[SmileContact | None], bool]) -> None:
    """Asks Smile if `is_worth_it`, which is given the last answer, says so."""
    with reading() as session:
        last = smile_answers.read_last_contact(session)
    if is_worth_it(last):
        ask_smile(utc_now())


def forget_sent_signatures(now: datetime) -> None:
    with transaction() as session:
        sent_signatures.forget_old_signatures(session, now)


def fill_phone_digests(now: datetime) -> None:
    """Digests the phone numbers of older jobs, a few per transaction so that nobody waits for it."""
    is_left = True
    while is_left:
        with transaction() as session:
            is_left = phones.fill_digests(session, now)


def fill_warnings(now: datetime) -> None:
    """Finds the warnings of older jobs, a few per transaction so that nobody waits for it."""
    is_left = True
    while is_left:
        with transaction() as session:
            is_left = earlier_warnings.fill_warnings(session, now)


def fill_searches(_: datetime) -> None:
    fill_until_done(fill_jobs)


def tend_name_search(now: datetime) -> None:
    batches, is_left = Batches(transaction), True
    while is_left:
        with batches.next() as session:
            is_left = tend_index(session, batches.size, now)


TASKS = (
    Task("jobs.advance", advance, following.jobs_due),
    Task("jobs.note_overdue_callback", note_overdue_callback, following.overdue_unnoted),
)
PERIODIC = (
    # Right after the start the network or the demo's simulator may not be up yet; the health page would show that for
    # an hour.
    Periodic("jobs.ask_smile", timedelta(hours=1), ask_smile, after_start=timedelta(minutes=1)),
    Periodic("jobs.ask_smile_while_something_is_wrong", timedelta(seconds=20), ask_smile_while_something_is_wrong),
    Periodic("jobs.fill_phone_digests", timedelta(hours=1), fill_phone_digests),
    Periodic("jobs.fill_searches", timedelta(minutes=10), fill_searches),
    Periodic("jobs.fill_warnings", timedelta(minutes=10), fill_warnings),
    Periodic("jobs.forget_sent_signatures", timedelta(minutes=10), forget_sent_signatures),
    Periodic("jobs.tend_name_search", timedelta(minutes=1), tend_name_search),
)
