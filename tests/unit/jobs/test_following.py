"""After a job was sent: when Smile is asked, what a callback does, and when it is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.config import Settings
from dashboard.db import Database, new_id, utc_now
from dashboard.errors import Conflict
from dashboard.jobs.following import following
from dashboard.jobs.following.following import check_job, note_callback, note_overdue, overdue_unnoted, request_check
from dashboard.jobs.models import Job, JobState, Outcome, SendingStep
from dashboard.jobs.problems import disagreement_text, problem_text
from dashboard.jobs.submitting.leases import leased
from dashboard.smile import Refused, TransportFailed
from tests.factories.jobs import (
    NO_ZIP,
    RUNNING,
    FakeSmile,
    answered,
    at_once,
    events_of,
    make_job,
    make_sent_job,
    reload,
    results_of,
    update_job,
)

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

WAITS = (2, 5, 10, 20, 40, 120, 300, 900)


def check(database: Database, settings: Settings, job: Job, answer: Any = RUNNING) -> FakeSmile:
    update_job(database, job, due_at=utc_now())
    fake = FakeSmile({"job_status": [answer]})
    with leased(job.id) as lease:
        assert lease
        check_job(lease, fake.clients, settings)
    return fake


def call_back(
    database: Database, job: Job, code: str = "0810", verdict: str = "valid", now: datetime | None = None
) -> None:
    moment = now or utc_now()
    with database.transaction() as session:
        note_callback(
            session,
            session.get_one(Job, job.id, with_for_update=True),
            callback_id=new_id(),
            verdict=verdict,
            reason="Reason.",
            received_at=moment,
            payload={"ResultCode": code, "IsFinalResult": "true"} if verdict == "valid" else None,
            is_worth_asking=verdict == "valid",
            now=moment,
        )


def seconds_until_due(database: Database, job: Job) -> float:
    due_at = reload(database, job).due_at
    assert due_at is not None
    return (due_at - utc_now()).total_seconds()


def test_checks_grow_rarer_and_are_hourly_in_the_end(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    for wait in (*WAITS[1:], 3600, 3600):
        check(database, settings, job)

        assert wait * 0.85 <= seconds_until_due(database, job) <= wait * 1.1
    assert reload(database, job).state == JobState.WAITING


def test_unsettled_job_expires_after_seven_days_but_only_after_one_last_question(
    database: Database, settings: Settings
):
    job = make_sent_job(database, settings, submitted_at=utc_now() - timedelta(days=7, minutes=1))

    fake = check(database, settings, job)

    expired = reload(database, job)
    assert fake.calls == ["job_status"]
    assert (expired.state, expired.due_at) == (JobState.EXPIRED, None)
    assert problem_text(expired)
    assert "expired" in events_of(database, job)


def test_last_question_may_still_settle(database: Database, settings: Settings):
    job = make_sent_job(database, settings, submitted_at=utc_now() - timedelta(days=8))

    check(database, settings, job, answered("0810"))

    assert reload(database, job).outcome == Outcome.APPROVED


def test_provisional_job_stays_watched_and_never_expires_into_nothing(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    check(database, settings, job, answered("0814"))
    assert seconds_until_due(database, job) > 0

    update_job(database, job, submitted_at=utc_now() - timedelta(days=8))
    check(database, settings, job, answered("0814"))

    watched = reload(database, job)
    assert (watched.state, watched.outcome, watched.due_at) == (JobState.DONE, Outcome.PROVISIONAL, None)


def test_settled_job_is_not_asked_about_again(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    check(database, settings, job, answered("0810"))

    settled = reload(database, job)
    assert (settled.state, settled.outcome, settled.due_at) == (JobState.DONE, Outcome.APPROVED, None)


@pytest.mark.parametrize("problem", [TransportFailed("No answer came."), Refused(503), Refused(400, "2205")], ids=str)
def test_failed_question_is_shown_and_asked_again(database: Database, settings: Settings, problem: Exception):
    job = make_sent_job(database, settings)

    check(database, settings, job, problem)
    failed = reload(database, job)
    check(database, settings, job)

    assert (failed.state, problem_text(failed)) == (JobState.WAITING, str(problem))
    assert failed.due_at is not None
    assert problem_text(reload(database, job)) is None


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
def test_reason_of_an_ended_job_outlives_a_fruitless_check(database: Database, settings: Settings, state: JobState):
    job = make_sent_job(database, settings, state=state, last_error="why it ended")

    check(database, settings, job, Refused(400, "2304"))

    assert (reload(database, job).state, problem_text(reload(database, job))) == (state, "why it ended")


def test_run_that_breaks_off_while_asking_is_not_due_at_once(database: Database, settings: Settings):
    job, seen = make_sent_job(database, settings), []

    def look() -> Any:
        seen.append(at_once(reload(database, job).due_at))
        return RUNNING

    check(database, settings, job, look)

    assert seen == [False]


def test_first_callback_asks_at_once(database: Database, settings: Settings):
    job = make_sent_job(database, settings, due_at=utc_now() + timedelta(hours=1), checked_at=utc_now())

    call_back(database, job)

    assert at_once(reload(database, job).due_at)


def test_more_callbacks_and_people_ask_at_most_every_ten_seconds(database: Database, settings: Settings):
    now = utc_now()
    job = make_sent_job(database, settings, due_at=now + timedelta(hours=1), callback_at=now, checked_at=now)

    for _ in range(20):
        call_back(database, job)
        with database.transaction() as session:
            request_check(session, session.get_one(Job, job.id), "ben", utc_now())

    assert reload(database, job).due_at == now + timedelta(seconds=10)
    assert len(results_of(database, job)) == 1


def test_callback_never_puts_a_check_off(database: Database, settings: Settings):
    now = utc_now()
    soon = now + timedelta(seconds=1)
    job = make_sent_job(database, settings, due_at=soon, callback_at=now, checked_at=now)

    call_back(database, job)

    assert reload(database, job).due_at == soon


@pytest.mark.parametrize("verdict", ["stale", "future", "reused", "reflected", "wrong"])
def test_callback_that_proves_nothing_claims_nothing(database: Database, settings: Settings, verdict: str):
    later = utc_now() + timedelta(hours=1)
    job = make_sent_job(database, settings, due_at=later)

    call_back(database, job, verdict=verdict)

    noted = reload(database, job)
    assert (noted.due_at, noted.callback_at) == (later, None)
    assert results_of(database, job) == []
    assert "callback" in events_of(database, job)


@pytest.mark.parametrize("answer", [RUNNING, answered("0810"), answered("0814"), NO_ZIP])
@pytest.mark.parametrize("lease", [90.0, 0.5])
def test_callback_during_a_check_is_followed_by_another(
    database: Database, settings: Settings, answer: dict[str, Any], lease: float
):
    quick = settings.model_copy(update={"lease": lease})
    job = make_sent_job(database, settings, callback_at=utc_now())

    def answer_late() -> Any:
        call_back(database, job)
        return answer

    check(database, quick, job, answer_late)

    assert 0 < seconds_until_due(database, job) <= 10


def test_final_claim_after_the_answer_raises_the_alarm_and_asks_again(database: Database, settings: Settings):
    job = make_sent_job(database, settings)
    check(database, settings, job, answered("0810"))

    call_back(database, job, "0811")

    alarmed = reload(database, job)
    assert (alarmed.state, alarmed.outcome) == (JobState.DONE, Outcome.APPROVED)
    assert "claimed rejected" in str(disagreement_text(alarmed))
    assert alarmed.due_at is not None
    check(database, settings, job, answered("0811", job_success=False))
    assert reload(database, job).outcome == Outcome.REJECTED
    assert reload(database, job).disagreement is None


@pytest.mark.parametrize(
    ("state", "step", "wakes"),
    [
        (JobState.QUEUED, SendingStep.CREATED, False),
        (JobState.SUBMITTING, SendingStep.SENDING, False),
        (JobState.CANCELLED, SendingStep.CREATED, False),
        (JobState.FAILED, SendingStep.CREATED, False),
        (JobState.FAILED, SendingStep.SENDING, True),
        (JobState.EXPIRED, SendingStep.SENT, True),
    ],
)
def test_callback_wakes_only_what_smile_may_know(
    database: Database, settings: Settings, state: JobState, step: SendingStep, wakes: bool
):
    submitted = utc_now() if step == SendingStep.SENT else None
    job = make_job(database, settings, state=state, step=step, due_at=None, submitted_at=submitted)

    call_back(database, job)

    assert at_once(reload(database, job).due_at) == wakes


def test_job_that_failed_on_the_way_is_settled_when_it_had_arrived(database: Database, settings: Settings):
    job = make_job(
        database, settings, state=JobState.FAILED, step=SendingStep.SENDING, due_at=None, last_error="no answer"
    )
    call_back(database, job)

    check(database, settings, job, answered("0810"))

    settled = reload(database, job)
    assert (settled.state, settled.outcome, problem_text(settled)) == (JobState.DONE, Outcome.APPROVED, None)


def test_job_of_which_nothing_left_cannot_be_checked(database: Database, settings: Settings):
    job = make_job(database, settings)

    with pytest.raises(Conflict), database.transaction() as session:
        request_check(session, session.get_one(Job, job.id), "ben", utc_now())

    assert events_of(database, job) == ["created"]


def test_late_callback_is_noted_once_and_only_when_it_is_late(database: Database, settings: Settings):
    now = utc_now()
    late = make_sent_job(database, settings, callback_due_at=now - timedelta(seconds=1))
    make_sent_job(database, settings, callback_due_at=now + timedelta(minutes=1))
    make_sent_job(database, settings, callback_due_at=now - timedelta(seconds=1), callback_at=now)
    make_sent_job(database, settings, callback_due_at=now - timedelta(seconds=1), environment="production")

    with database.reading() as session:
        found = overdue_unnoted(session, "sandbox", utc_now(), 10)
    for _ in range(2):
        with database.transaction() as session:
            note_overdue(session, session.get_one(Job, late.id), utc_now())

    assert found == [late.id]
    assert events_of(database, late).count("overdue") == 1
    with database.reading() as session:
        assert overdue_unnoted(session, "sandbox", utc_now(), 10) == []


def test_images_that_never_arrived_are_sent_again(database: Database, settings: Settings):
    job = make_sent_job(database, settings, submitted_at=utc_now() - timedelta(seconds=settings.zip_lost_after + 1))

    check(database, settings, job, NO_ZIP)

    again = reload(database, job)
    assert (again.state, again.step, again.attempts) == (JobState.SUBMITTING, SendingStep.PREPARING, 1)
    assert at_once(again.due_at)


def test_images_are_given_a_while_to_arrive(database: Database, settings: Settings):
    job = make_sent_job(database, settings)

    check(database, settings, job, NO_ZIP)

    assert reload(database, job).state == JobState.WAITING


def test_waits_are_spread(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[float, float]] = []
    monkeypatch.setattr(following, "uniform", lambda low, high: asked.append((low, high)) or 1.0)
    job = make_sent_job(database, settings)

    check(database, settings, job)

    assert asked == [(0.9, 1.1)]
