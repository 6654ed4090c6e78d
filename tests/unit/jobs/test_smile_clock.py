"""A clock that is off: jobs wait for it and are not failed, the page says by how much, and Smile is left in peace."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs import tasks
from dashboard.jobs.following.following import check_job
from dashboard.jobs.following.sending import send_to_smile
from dashboard.jobs.models import JobState, SendingStep
from dashboard.jobs.problems import problem_text
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api import smile_clock
from dashboard.jobs.smile_api.smile_clock import SmileClock
from dashboard.jobs.submitting.leases import leased
from dashboard.smile import Refused
from tests.factories.jobs import FakeSmile, events_of, make_job, make_sent_job, reload

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

STALE = Refused(400, "2205", "You are not authorized to do that")
AHEAD, BEHIND = timedelta(minutes=-10), timedelta(minutes=10)  # Smile's clock minus ours


def clock_that_is(off_by: timedelta) -> SmileClock:
    clock = SmileClock(30.0)
    note(clock, off_by)
    return clock


def note(clock: SmileClock, off_by: timedelta) -> None:
    clock.note({"Date": format_datetime(utc_now() + off_by, usegmt=True)})


@pytest.mark.parametrize(("off_by", "words"), [(AHEAD, "10 minutes ahead"), (BEHIND, "10 minutes behind")])
@pytest.mark.parametrize("product", [Product.ENHANCED_KYC, Product.BIOMETRIC_KYC])
@pytest.mark.parametrize("step", [SendingStep.CREATED, SendingStep.PREPARING, SendingStep.SENDING])
def test_job_that_is_refused_for_the_clock_waits_and_says_so(
    database: Database, settings: Settings, off_by: timedelta, words: str, product: Product, step: SendingStep
):
    if product == Product.ENHANCED_KYC and step == SendingStep.PREPARING:
        pytest.skip("it has no such step")
    smile = FakeSmile(
        {call: [STALE] for call in ("job_status", "prepare", "submit", "zip")}, clock=clock_that_is(off_by)
    )
    job = make_job(database, settings, product, step=step, state=JobState.QUEUED)

    for _ in range(20):
        with leased(job.id) as lease:
            if lease:
                send_to_smile(lease, smile.clients, settings)
        with database.transaction() as session:
            session.get_one(type(job), job.id).due_at = utc_now()

    waiting = reload(database, job)
    assert waiting.state in (JobState.QUEUED, JobState.SUBMITTING)
    assert f"this machine's clock is {words}" in (problem_text(waiting) or "")
    assert waiting.attempts == 0
    assert events_of(database, job).count("clock_off") == 1


def test_it_is_due_by_the_clock_that_is_behind(database: Database, settings: Settings):
    due = []
    for off_by in (AHEAD, BEHIND):
        job = make_job(database, settings, Product.ENHANCED_KYC)
        with leased(job.id) as lease:
            assert lease
            send_to_smile(lease, FakeSmile({"submit": [STALE]}, clock=clock_that_is(off_by)).clients, settings)
        due.append(reload(database, job).due_at)

    ahead, behind = ((moment - utc_now()).total_seconds() for moment in due if moment)
    assert -600 < ahead < -500
    assert 0 < behind < 100


def test_question_about_a_job_that_is_refused_for_the_clock_does_not_let_it_expire(
    database: Database, settings: Settings
):
    long_ago = utc_now() - timedelta(days=30)
    job = make_sent_job(database, settings, submitted_at=long_ago, due_at=utc_now())
    smile = FakeSmile({"job_status": [STALE]}, clock=clock_that_is(AHEAD))

    with leased(job.id) as lease:
        assert lease
        check_job(lease, smile.clients, settings)

    waiting = reload(database, job)
    assert waiting.state == JobState.WAITING
    assert "10 minutes ahead" in (problem_text(waiting) or "")


@pytest.mark.parametrize("off_by", [timedelta(0), timedelta(minutes=4)])
def test_key_is_to_blame_where_the_clock_is_right(database: Database, settings: Settings, off_by: timedelta):
    job = make_job(database, settings, Product.ENHANCED_KYC)
    with leased(job.id) as lease:
        assert lease
        send_to_smile(lease, FakeSmile({"submit": [STALE]}, clock=clock_that_is(off_by)).clients, settings)

    assert reload(database, job).state == JobState.FAILED


def test_while_the_clock_is_in_the_way_one_tries_now_and_then(monkeypatch: pytest.MonkeyPatch):
    now = [1000.0]
    monkeypatch.setattr(smile_clock, "monotonic", lambda: now[0])
    clock = clock_that_is(AHEAD)
    before = clock.take_try()
    clock.note_refusal(STALE)

    asked = 0
    for _ in range(120):
        now[0] += 1.0
        asked += clock.take_try()

    assert before
    assert asked == 4


def test_clock_that_was_set_is_noticed_before_smile_is_asked(monkeypatch: pytest.MonkeyPatch):
    clock = clock_that_is(AHEAD)
    clock.note_refusal(STALE)
    in_the_way = clock.is_in_the_way
    monkeypatch.setattr(smile_clock, "utc_now", lambda: utc_now() + AHEAD)

    assert in_the_way
    assert not clock.is_in_the_way
    assert clock.take_try()


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_answer_without_a_date_tells_nothing(headers: dict[str, str]):
    clock = SmileClock(30.0)

    clock.note(headers)

    assert clock.offset_seconds is None
    assert not clock.note_refusal(STALE)


def test_job_that_was_not_tried_says_what_it_waits_for(app: Flask, database: Database, settings: Settings):
    clock = context_of(app).smile_clients.clock
    note(clock, AHEAD)
    clock.note_refusal(STALE)
    job = make_job(database, settings, Product.ENHANCED_KYC)

    for _ in range(3):
        tasks.advance(job.id)

    waiting = reload(database, job)
    assert "10 minutes ahead" in (problem_text(waiting) or "")
    assert waiting.version == job.version + 1
