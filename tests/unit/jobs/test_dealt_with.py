"""What needs somebody is marked as dealt with once, with a sealed reason, and comes back with something new."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlmodel import select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.dealt_with import DealtWith, deal_with, dealt_with_of
from dashboard.jobs.erasing import erase_jobs
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.following.following import note_overdue
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.following.setbacks import fail_job
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource
from dashboard.jobs.needs import needs_of
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.queries import find_job, needs_you
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.jobs import events_of, make_sent_job, reload
from tests.unit.jobs.test_warnings import SECURE, SEEN, claim, confirm, names

pytestmark = pytest.mark.both_engines

REASON = "Called Amina Bello, same person, old account closed."


@pytest.fixture
def warned(database: Database, settings: Settings) -> Job:
    job = make_sent_job(database, settings)
    confirm(database, job, **SEEN)
    return job


def deal(database: Database, job: Job, reason: str = REASON, by: str = "ben@example.com") -> None:
    with database.transaction() as session:
        row = find_job(session, job.environment, job.id, to_change=True)
        deal_with(session, row, reason, by, utc_now())


def rows_of(database: Database, job: Job) -> list[tuple[DealtWith, str]]:
    with database.reading() as session:
        return dealt_with_of(session, job)


def test_marked_job_leaves_the_list_and_the_count(database: Database, warned: Job):
    now = utc_now()
    with database.reading() as session:
        assert needs_you(Scope(session, "sandbox", now)) == {"warning": 1}

    deal(database, warned)

    with database.reading() as session:
        assert needs_you(Scope(session, "sandbox", now)) == {}
        assert page_of(Scope(session, "sandbox", now), JobFilter(needs="warning")).rows == []
    ((row, reason),) = rows_of(database, warned)
    assert (row.needs, row.dealt_by, reason) == (["warning"], "ben@example.com", REASON)
    assert "Amina" not in str(row.reason_sealed)
    assert events_of(database, warned)[-1] == "dealt_with"


def test_trail_names_the_job_and_never_the_reason(database: Database, warned: Job):
    deal(database, warned)

    with database.reading() as session:
        (entry,) = session.exec(
            select(AuditEntry).where(AuditEntry.action == "job.dealt_with").order_by(AuditEntry.sequence)
        ).all()
    assert (entry.subject, entry.details) == (f"job {warned.id}", {"needs": "warning"})


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "\0"])
def test_reason_is_required_and_bounded(database: Database, warned: Job, reason: str):
    with pytest.raises(Invalid):
        deal(database, warned, reason)

    assert reload(database, warned).dealt_with_at is None


def test_job_that_needs_nobody_cannot_be_marked(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    with pytest.raises(Conflict):
        deal(database, job)


def test_two_people_at_once_leave_one_row(database: Database, warned: Job):
    barrier = Barrier(2)

    def press(who: str) -> None:
        barrier.wait()
        deal(database, warned, by=who)

    people = [Thread(target=press, args=(f"{name}@example.com",)) for name in ("ada", "ben")]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert len(rows_of(database, warned)) == 1
    assert events_of(database, warned).count("dealt_with") == 1


def another_result(database: Database, job: Job) -> None:
    confirm(database, job, ResultCode="1210", **SEEN)


def new_warning(database: Database, job: Job) -> None:
    claim(database, job, **SECURE)


def disagreement(database: Database, job: Job) -> None:
    claim(database, job, ResultCode="0811", ResultText="other")


@pytest.mark.parametrize(
    ("happen", "because", "needs"),
    [
        (another_result, "result", ["warning"]),
        (new_warning, "warning", ["warning"]),
        (disagreement, "disagreement", ["disagreement", "warning"]),
    ],
)
def test_something_new_brings_it_back(
    database: Database, warned: Job, happen: Callable[[Database, Job], None], because: str, needs: list[str]
):
    deal(database, warned)

    happen(database, warned)

    assert names(database, warned) == needs
    ((row, _),) = rows_of(database, warned)
    assert row.came_back_because == because
    assert row.came_back_at is not None
    assert events_of(database, warned).count("came_back") == 1
    deal(database, warned, "Looked at it once more.")
    assert names(database, warned) == []
    assert len(rows_of(database, warned)) == 2


def test_the_same_again_does_not_bring_it_back(database: Database, warned: Job):
    deal(database, warned)

    confirm(database, warned, **SEEN, timestamp="later")
    claim(database, warned, UserIDsOfPreviousRegistrants=["user-1"])

    assert names(database, warned) == []
    assert events_of(database, warned).count("came_back") == 0


def provisional(database: Database, settings: Settings, **row: Any) -> Job:
    job = make_sent_job(database, settings, **row)
    confirm(database, job, ResultCode="0814")
    assert reload(database, job).outcome == Outcome.PROVISIONAL
    deal(database, job)
    return job


def test_callback_that_becomes_overdue_later_brings_it_back(database: Database, settings: Settings):
    job = provisional(database, settings, callback_due_at=utc_now() + timedelta(seconds=60))
    later = utc_now() + timedelta(minutes=5)

    with database.transaction() as session:
        note_overdue(session, session.get_one(Job, job.id), later)

    assert [need.name for need in needs_of(reload(database, job), later)] == ["provisional", "overdue"]


def test_callback_that_was_overdue_when_it_was_marked_does_not(database: Database, settings: Settings):
    job = provisional(database, settings, callback_due_at=utc_now() - timedelta(seconds=60))

    with database.transaction() as session:
        note_overdue(session, session.get_one(Job, job.id), utc_now())

    assert names(database, job) == []


def test_final_answer_ends_what_was_dealt_with_without_an_alarm(database: Database, settings: Settings):
    job = provisional(database, settings)

    confirm(database, job)

    assert names(database, job) == []
    assert "came_back" not in events_of(database, job)
    assert reload(database, job).dealt_with_at is None


def test_failure_brings_it_back(database: Database, settings: Settings):
    job = make_sent_job(database, settings, callback_due_at=utc_now() - timedelta(seconds=60))
    deal(database, job)

    with database.transaction() as session:
        fail_job(session, session.get_one(Job, job.id), None, None, problem(ProblemKind.UNREADABLE), utc_now())

    assert reload(database, job).state == JobState.FAILED
    assert names(database, job) == ["failed"]


def test_reason_goes_with_the_person(database: Database, warned: Job):
    deal(database, warned)

    with database.transaction() as session:
        erase_jobs(session, [session.get_one(Job, warned.id)], "Asked for.", utc_now())

    ((row, reason),) = rows_of(database, warned)
    assert (row.reason_sealed, reason, row.needs) == (None, "", ["warning"])


def test_a_late_provisional_answer_brings_nothing_back(database: Database, warned: Job):
    deal(database, warned)

    with database.transaction() as session:
        row = session.get_one(Job, warned.id)
        answer = read_result({"ResultCode": "0814", "ResultText": "late"}, row.job_type)
        settle_job(session, row, answer, ResultSource.JOB_STATUS, utc_now())

    assert names(database, warned) == []
