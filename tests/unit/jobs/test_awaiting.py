"""A job that a customer carries out: asked about now and then, known sooner or later, and expired after a day."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.config import Settings
from dashboard.db import Database, new_id, utc_now
from dashboard.errors import Conflict
from dashboard.jobs.following.awaiting import await_customer, note_submission, note_token
from dashboard.jobs.following.following import check_job, note_callback, request_check
from dashboard.jobs.models import Job, JobState, Outcome, SendingStep
from dashboard.jobs.problems import problem_text
from dashboard.jobs.submitting.leases import leased
from dashboard.jobs.submitting.submission import cancel_job
from dashboard.jobs.timeline import SentHow
from dashboard.smile import Refused, TransportFailed
from tests.factories.jobs import (
    NO_ZIP,
    RUNNING,
    FakeSmile,
    answered,
    events_of,
    make_request,
    reload,
    update_job,
)

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

UNKNOWN = Refused(400, "2299", "No job with that job_id and user_id")


def make_awaiting(database: Database, settings: Settings, *, has_token: bool = True, **row: Any) -> Job:
    with database.transaction() as session:
        job = await_customer(session, make_request(images=()), settings, new_id(), utc_now())
        if has_token:
            note_token(session, job, settings, utc_now())
        for name, value in row.items():
            setattr(job, name, value)
        return job


def check(database: Database, settings: Settings, job: Job, answer: Any) -> Job:
    update_job(database, job, due_at=utc_now())
    with leased(job.id) as lease:
        assert lease
        check_job(lease, FakeSmile({"job_status": [answer]}).clients, settings)
    return reload(database, job)


def seconds_until(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - utc_now()).total_seconds()


def test_a_job_without_a_token_is_not_asked_about(database: Database, settings: Settings):
    job = make_awaiting(database, settings, has_token=False)

    assert (job.state, job.step, job.due_at) == (JobState.AWAITING_CUSTOMER, SendingStep.CREATED, None)
    assert not job.may_check


def test_smile_not_knowing_it_is_no_failure(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    waits = []
    for _ in range(6):
        checked = check(database, settings, job, UNKNOWN)
        waits.append(round(seconds_until(checked.due_at), -1))

    assert (checked.state, problem_text(checked)) == (JobState.AWAITING_CUSTOMER, None)
    assert waits == [120, 300, 600, 1800, 3600, 3600]
    assert events_of(database, job) == ["started", "opened"]


def test_images_that_are_not_there_yet_are_no_failure_either(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    checked = check(database, settings, job, NO_ZIP)

    assert (checked.state, problem_text(checked)) == (JobState.AWAITING_CUSTOMER, None)


def test_smile_out_of_reach_is_said_and_asked_again(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    checked = check(database, settings, job, TransportFailed("Smile could not be reached."))

    assert checked.state == JobState.AWAITING_CUSTOMER
    assert problem_text(checked) == "Smile could not be reached."
    assert seconds_until(checked.due_at) > 60


def test_a_job_that_smile_knows_is_waiting_even_if_the_phone_never_told_us(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    known = check(database, settings, job, RUNNING)

    assert (known.state, known.step) == (JobState.WAITING, SendingStep.SENT)
    assert known.submitted_at is not None
    assert known.callback_due_at is not None
    assert seconds_until(known.due_at) < 5


def test_a_result_settles_it_at_once(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    settled = check(database, settings, job, answered("0810"))

    assert (settled.state, settled.outcome, settled.due_at) == (JobState.DONE, Outcome.APPROVED, None)
    assert settled.submitted_at is not None
    assert events_of(database, job) == ["started", "opened", "sent", "confirmed"]


def test_it_expires_after_a_day_with_one_last_question(database: Database, settings: Settings):
    job = make_awaiting(database, settings, created_at=utc_now() - timedelta(hours=24, seconds=1))

    expired = check(database, settings, job, UNKNOWN)

    assert (expired.state, expired.due_at) == (JobState.EXPIRED, None)
    assert "did not finish" in (problem_text(expired) or "")
    assert events_of(database, job)[-1] == "expired"


def test_the_last_question_is_asked_on_time(database: Database, settings: Settings):
    job = make_awaiting(database, settings, created_at=utc_now() - timedelta(hours=23, minutes=50), checks=9)

    checked = check(database, settings, job, UNKNOWN)

    assert 590 < seconds_until(checked.due_at) <= 600


def submit(database: Database, settings: Settings, job: Job) -> Job:
    with database.transaction() as session:
        found = session.get_one(Job, job.id, with_for_update=True)
        note_submission(session, found, settings, utc_now(), SentHow.BROWSER_SAYS_SO)
    return reload(database, job)


def test_submission_is_noted_once_and_has_smile_asked(database: Database, settings: Settings):
    job = make_awaiting(database, settings, checks=4)

    first, second = submit(database, settings, job), submit(database, settings, job)

    assert (first.state, first.checks) == (JobState.WAITING, 0)
    assert seconds_until(first.due_at) <= 0
    assert second == first


def test_late_is_not_too_late(database: Database, settings: Settings):
    job = make_awaiting(database, settings, state=JobState.EXPIRED, due_at=None, last_error="The customer ...")

    submitted = submit(database, settings, job)

    assert (submitted.state, problem_text(submitted)) == (JobState.WAITING, None)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_what_has_ended_is_not_submitted(database: Database, settings: Settings, state: JobState):
    job = make_awaiting(database, settings, state=state)

    assert submit(database, settings, job).state == state


def test_a_claim_of_the_browser_that_smile_does_not_confirm_proves_nothing(database: Database, settings: Settings):
    job = make_awaiting(database, settings)
    submit(database, settings, job)
    update_job(database, job, submitted_at=utc_now() - timedelta(hours=1))

    unknown = check(database, settings, job, UNKNOWN)
    without_images = check(database, settings, job, NO_ZIP)

    for checked in (unknown, without_images):
        assert (checked.state, checked.outcome, problem_text(checked)) == (JobState.WAITING, None, None)


def call_back(database: Database, job: Job) -> None:
    with database.transaction() as session:
        note_callback(
            session,
            session.get_one(Job, job.id, with_for_update=True),
            callback_id=new_id(),
            verdict="valid",
            reason="Reason.",
            received_at=utc_now(),
            payload={"ResultCode": "0810", "IsFinalResult": "true"},
            is_worth_asking=True,
            now=utc_now(),
        )


@pytest.mark.parametrize("state", [JobState.AWAITING_CUSTOMER, JobState.EXPIRED])
def test_a_callback_wakes_it_before_or_after_its_day(database: Database, settings: Settings, state: JobState):
    job = make_awaiting(database, settings, state=state)

    call_back(database, job)
    woken = reload(database, job)
    settled = check(database, settings, job, answered("0810"))

    assert seconds_until(woken.due_at) <= 0
    assert (settled.state, settled.outcome) == (JobState.DONE, Outcome.APPROVED)


def test_a_person_may_ask_as_soon_as_a_token_is_out(database: Database, settings: Settings):
    job, without_token = make_awaiting(database, settings), make_awaiting(database, settings, has_token=False)

    with database.transaction() as session:
        request_check(session, session.get_one(Job, job.id), "ben@example.com", utc_now())
        with pytest.raises(Conflict):
            request_check(session, session.get_one(Job, without_token.id), "ben@example.com", utc_now())

    assert seconds_until(reload(database, job).due_at) <= 0


def test_a_job_whose_token_is_out_can_no_longer_be_cancelled(database: Database, settings: Settings):
    job = make_awaiting(database, settings)

    with database.transaction() as session, pytest.raises(Conflict):
        cancel_job(session, session.get_one(Job, job.id), "ben@example.com", utc_now())
