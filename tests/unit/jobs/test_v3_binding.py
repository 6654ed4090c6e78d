"""A job whose answer was lost gets Smile's id from a callback only if all four conditions hold."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.config import Settings
from dashboard.db import Database, new_id, utc_now
from dashboard.jobs.following.awaiting import await_customer, note_submission, note_token
from dashboard.jobs.following.binding import MOST_CANDIDATES, note_candidate
from dashboard.jobs.models import Job, JobState, Outcome, SendingStep
from dashboard.jobs.needs import needs_of
from dashboard.jobs.products import Product
from dashboard.jobs.showing.wording import callback_standing, next_step, verdict_sentence
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.jobs.timeline import SentHow
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.constants import SmileApi
from tests.factories.jobs import at_once, events_of, reload, update_job
from tests.factories.v3 import V3Smile, make_v3_job, run

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

PATH = "/v3/biometric_kyc"


@pytest.fixture
def smile(tmp_path: Path, settings: Settings) -> V3Smile:
    return V3Smile(tmp_path, settings)


@pytest.fixture
def lost(database: Database, settings: Settings, smile: V3Smile) -> Job:
    """A job that Smile has, and whose answer was lost."""
    job = make_v3_job(database, settings)
    smile.fails(PATH, "drop", "after")
    run(database, settings, job, smile)
    return reload(database, job)


def mark(settings: Settings, job: Job) -> str:
    return marker_of(settings.secret_key.get_secret_value(), job.id)


def claim(database: Database, job: Job, smile_job_id: str, marker: object, now: datetime | None = None) -> bool:
    """What the processing of a callback does with its ids."""
    with database.transaction() as session:
        locked = session.get_one(Job, job.id, with_for_update=True)
        return note_candidate(session, locked, smile_job_id, marker, now or utc_now())


def id_of(smile: V3Smile, settings: Settings, job: Job) -> str:
    return smile.jobs_of(settings, job)[0].job_id


@pytest.mark.parametrize("is_decided", [True, False])
def test_id_with_the_marker_binds_once_smile_confirms_it(
    database: Database, settings: Settings, smile: V3Smile, lost: Job, is_decided: bool
):
    if is_decided:
        smile.decides()

    noted = claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))
    named = reload(database, lost)
    run(database, settings, lost, smile)

    assert noted
    assert (named.smile_job_id, named.outcome, at_once(named.due_at)) == (None, None, True)
    bound = reload(database, lost)
    assert (bound.smile_job_id, bound.step) == (id_of(smile, settings, lost), SendingStep.SENT)
    assert (bound.state, bound.outcome) == (
        (JobState.DONE, Outcome.APPROVED) if is_decided else (JobState.WAITING, None)
    )
    assert needs_of(bound, utc_now()) == []
    assert bound.problem is None
    assert bound.callback_at is not None
    assert bound.submitted_at is not None
    assert lost.created_at <= bound.submitted_at <= utc_now()
    assert sum(each.charged for each in smile.jobs_of(settings, lost)) == 1
    if not is_decided:
        smile.decides()
        run(database, settings, lost, smile)
        assert reload(database, lost).outcome == Outcome.APPROVED


def test_id_that_comes_before_the_answer_is_saved_does_no_harm(
    database: Database, settings: Settings, smile: V3Smile, monkeypatch: pytest.MonkeyPatch
):
    job = make_v3_job(database, settings)
    submit = smile.clients.v3.verifications.submit

    def submit_and_call_back(*arguments: Any, **named: Any) -> Any:
        answer = submit(*arguments, **named)
        assert claim(database, job, answer.job_id, mark(settings, job))
        return answer

    monkeypatch.setattr(smile.clients.v3.verifications, "submit", submit_and_call_back)
    run(database, settings, job, smile)
    smile.decides()
    run(database, settings, job, smile)

    done = reload(database, job)
    assert (done.smile_job_id, done.outcome) == (id_of(smile, settings, job), Outcome.APPROVED)
    assert "not_bound" not in events_of(database, job)


def test_worker_killed_before_it_noticed_binds_as_well(database: Database, settings: Settings, smile: V3Smile):
    """The callback comes while the row still says that the job is being sent."""
    job = make_v3_job(database, settings)
    smile.fails(PATH, "drop", "after")
    run(database, settings, job, smile)
    update_job(database, job, state=JobState.SUBMITTING, problem=None)
    smile.decides()

    assert claim(database, job, id_of(smile, settings, job), mark(settings, job))
    run(database, settings, job, smile)
    assert at_once(reload(database, job).due_at)
    run(database, settings, job, smile)

    assert reload(database, job).outcome == Outcome.APPROVED


def other_id(smile: V3Smile, settings: Settings, lost: Job, user_id: str) -> str:
    """A job of Smile's that something else submitted, with the marker of this job."""
    found = smile.submits(user_id, **{MARKER: mark(settings, lost)})
    smile.decides()
    return found.job_id


@pytest.mark.parametrize(
    "marker", ["", None, 7, [], {"a": 1}, "x" * 22, "\ud800"], ids=lambda marker: repr(marker)[:20]
)
def test_without_the_marker_nothing_is_noted(
    database: Database, settings: Settings, smile: V3Smile, lost: Job, marker: object
):
    before = reload(database, lost)

    assert not claim(database, lost, id_of(smile, settings, lost), marker)

    assert reload(database, lost).model_dump() == before.model_dump()


def test_marker_of_another_job_is_none_of_this_one(database: Database, settings: Settings, smile: V3Smile, lost: Job):
    other = make_v3_job(database, settings)

    assert not claim(database, lost, id_of(smile, settings, lost), mark(settings, other))
    assert not claim(database, lost, id_of(smile, settings, lost), marker_of("another secret", lost.id))


def test_id_from_before_the_job_was_sent_is_none_of_it(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings)
    earlier = smile.submits(job.user_id, **{MARKER: mark(settings, job)}).job_id
    smile.decides()
    smile.fails(PATH, "drop", "after")
    run(database, settings, job, smile)
    update_job(database, job, sending_at=utc_now() + timedelta(seconds=2))

    assert not claim(database, job, earlier, mark(settings, job))

    assert reload(database, job).candidates == []


def test_id_of_another_user_does_not_bind(database: Database, settings: Settings, smile: V3Smile, lost: Job):
    foreign = other_id(smile, settings, lost, "somebody-else")

    assert claim(database, lost, foreign, mark(settings, lost))
    run(database, settings, lost, smile)

    unbound = reload(database, lost)
    assert (unbound.smile_job_id, unbound.outcome, unbound.may_have_arrived) == (None, None, True)
    assert events_of(database, lost)[-1] == "not_bound"
    assert not claim(database, lost, foreign, mark(settings, lost)), "it is asked about again"
    assert claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))
    run(database, settings, lost, smile)
    assert reload(database, lost).smile_job_id == id_of(smile, settings, lost)


def test_id_that_another_job_here_has_does_not_bind(database: Database, settings: Settings, smile: V3Smile, lost: Job):
    """Of the same user, approved, and sent after this one: only the other job's row tells them apart."""
    other = make_v3_job(database, settings, asks={"user_id": lost.user_id})
    run(database, settings, other, smile)
    smile.decides()
    run(database, settings, other, smile)
    approved = reload(database, other)
    assert approved.outcome == Outcome.APPROVED

    assert claim(database, lost, str(approved.smile_job_id), mark(settings, lost))
    run(database, settings, lost, smile)

    unbound = reload(database, lost)
    assert (unbound.smile_job_id, unbound.outcome) == (None, None)
    assert reload(database, other).smile_job_id == approved.smile_job_id


def test_id_that_smile_does_not_know_is_asked_about_for_a_while(
    database: Database, settings: Settings, smile: V3Smile, lost: Job
):
    unknown = new_type_id("job")
    assert claim(database, lost, unknown, mark(settings, lost))

    run(database, settings, lost, smile)
    asked = reload(database, lost)
    candidates = [each | {"noted_at": (utc_now() - timedelta(hours=2)).isoformat()} for each in asked.candidates]
    update_job(database, lost, candidates=candidates)
    run(database, settings, lost, smile)

    assert asked.due_at is not None
    assert asked.due_at < utc_now() + timedelta(minutes=1)
    given_up = reload(database, lost)
    assert given_up.candidates[0]["refused"] == "unknown"
    assert given_up.due_at is not None
    assert given_up.due_at > utc_now() + timedelta(days=6)


def test_status_may_be_unknown_for_a_moment(database: Database, settings: Settings, tmp_path: Path):
    smile = V3Smile(tmp_path, settings, v3_status_unknown_seconds=3600.0)
    job = make_v3_job(database, settings)
    run(database, settings, job, smile)
    smile.decides()

    run(database, settings, job, smile)
    waiting = reload(database, job)
    smile.sandbox.settings = V3Smile(tmp_path, settings).sandbox.settings
    run(database, settings, job, smile)

    assert (waiting.state, waiting.problem) == (JobState.WAITING, None)
    assert waiting.due_at is not None
    assert waiting.due_at < utc_now() + timedelta(minutes=1)
    assert reload(database, job).outcome == Outcome.APPROVED


@pytest.mark.parametrize("how", [{"mode": "status", "status": 500}, {"mode": "drop"}, {"mode": "garbage"}])
def test_question_that_fails_is_asked_again(
    database: Database, settings: Settings, smile: V3Smile, lost: Job, how: dict[str, Any]
):
    smile.decides()
    assert claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))
    smile.fails("/v3/status/", times=3, **how)

    run(database, settings, lost, smile)
    unclear = reload(database, lost)
    run(database, settings, lost, smile)

    assert (unclear.smile_job_id, unclear.may_have_arrived) == (None, True)
    assert unclear.due_at is not None
    assert unclear.due_at < utc_now() + timedelta(minutes=5)
    assert reload(database, lost).outcome == Outcome.APPROVED


def test_many_ids_leave_room_for_the_right_one(database: Database, settings: Settings, smile: V3Smile, lost: Job):
    for _ in range(MOST_CANDIDATES):
        assert claim(database, lost, other_id(smile, settings, lost, "somebody-else"), mark(settings, lost))
        run(database, settings, lost, smile)

    assert claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))
    run(database, settings, lost, smile)

    bound = reload(database, lost)
    assert bound.smile_job_id == id_of(smile, settings, lost)
    assert len(bound.candidates) <= MOST_CANDIDATES


def test_second_id_with_the_marker_is_told_and_changes_nothing(
    database: Database, settings: Settings, smile: V3Smile, lost: Job
):
    assert claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))
    run(database, settings, lost, smile)
    second = other_id(smile, settings, lost, lost.user_id)

    assert claim(database, lost, second, mark(settings, lost))
    assert not claim(database, lost, second, mark(settings, lost))
    run(database, settings, lost, smile)

    assert reload(database, lost).smile_job_id == id_of(smile, settings, lost)
    assert events_of(database, lost).count("not_bound") == 1


def test_erased_job_is_bound_to_nothing(database: Database, settings: Settings, smile: V3Smile, lost: Job):
    update_job(database, lost, erased_at=utc_now(), due_at=None)

    assert not claim(database, lost, id_of(smile, settings, lost), mark(settings, lost))

    assert reload(database, lost).due_at is None


@pytest.fixture
def hosted(database: Database, settings: Settings) -> Job:
    """A job that a customer has begun on Smile's page."""
    request = JobRequest(Product.ENHANCED_KYC, api=SmileApi.V3, user_id="customer-1")
    with database.transaction() as session:
        job = await_customer(session, request, settings, new_id(), utc_now())
        note_token(session, job, settings, utc_now())
        return job


def browser_says_so(database: Database, settings: Settings, job: Job) -> None:
    with database.transaction() as session:
        locked = session.get_one(Job, job.id, with_for_update=True)
        note_submission(session, locked, settings, utc_now(), SentHow.BROWSER_SAYS_SO)


def test_hosted_job_is_not_overdue_but_not_known_yet(
    database: Database, settings: Settings, smile: V3Smile, hosted: Job
):
    run(database, settings, hosted, smile)
    begun = reload(database, hosted)
    browser_says_so(database, settings, hosted)
    run(database, settings, hosted, smile)

    said, tomorrow = reload(database, hosted), utc_now() + timedelta(days=1)
    assert (begun.state, smile.adapter.calls) == (JobState.AWAITING_CUSTOMER, [])
    assert begun.due_at == begun.created_at + timedelta(seconds=settings.await_customer_for)
    assert (said.state, said.callback_due_at) == (JobState.WAITING, None)
    assert not said.callback_overdue(tomorrow)
    assert needs_of(said, tomorrow) == []
    assert callback_standing(said, tomorrow)[0] == "not known yet"
    assert "Smile's callback will say" in verdict_sentence(said)
    assert "Nothing to do yet" in next_step(said, tomorrow)


def never(database: Database, settings: Settings, job: Job) -> None:
    """The browser says nothing."""


def gave_up(database: Database, settings: Settings, job: Job) -> None:
    update_job(database, job, state=JobState.EXPIRED, due_at=None)


@pytest.mark.parametrize("then", [never, browser_says_so, gave_up])
def test_hosted_job_binds_by_its_callback(
    database: Database,
    settings: Settings,
    smile: V3Smile,
    hosted: Job,
    then: Callable[[Database, Settings, Job], None],
):
    at_smile = smile.submits(hosted.user_id, **{MARKER: mark(settings, hosted)})
    then(database, settings, hosted)

    assert claim(database, hosted, at_smile.job_id, mark(settings, hosted))
    run(database, settings, hosted, smile)
    waiting = reload(database, hosted)
    smile.decides()
    run(database, settings, hosted, smile)

    assert (waiting.state, waiting.smile_job_id) == (JobState.WAITING, at_smile.job_id)
    assert not waiting.callback_overdue(utc_now() + timedelta(days=1))
    assert reload(database, hosted).outcome == Outcome.APPROVED


def test_hosted_job_without_a_token_has_nothing_to_bind(database: Database, settings: Settings, smile: V3Smile):
    request = JobRequest(Product.ENHANCED_KYC, api=SmileApi.V3)
    with database.transaction() as session:
        job = await_customer(session, request, settings, new_id(), utc_now())

    assert not claim(database, job, new_type_id("job"), mark(settings, job))


def test_hosted_job_expires_where_nothing_comes(database: Database, settings: Settings, smile: V3Smile, hosted: Job):
    update_job(database, hosted, created_at=utc_now() - timedelta(days=2))
    run(database, settings, hosted, smile)
    begun = reload(database, hosted)
    update_job(database, hosted, state=JobState.AWAITING_CUSTOMER)
    browser_says_so(database, settings, hosted)
    update_job(database, hosted, sending_at=utc_now() - timedelta(days=8))
    run(database, settings, hosted, smile)

    assert begun.state == JobState.EXPIRED
    assert reload(database, hosted).state == JobState.EXPIRED
    assert reload(database, hosted).due_at is None
