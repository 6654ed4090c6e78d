"""Submissions to v3 in front of the simulator: each job once or never, whatever is lost on the way."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following import v3_sending
from dashboard.jobs.models import Image, Job, JobState, Outcome, ResultSource, SendingStep
from dashboard.jobs.needs import needs_of
from dashboard.jobs.problems import problem_text
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.showing.wording import callback_standing, next_step, verdict_sentence
from dashboard.jobs.submitting.leases import LeaseLost
from dashboard.jobs.submitting.v3_requests import REFERENCE, REQUESTS
from dashboard.sandbox.v3 import checks
from dashboard.sandbox.v3.refusals import Refused as SmileRefuses
from dashboard.smile.v3.account import Account
from tests.conftest import make_settings
from tests.factories.jobs import events_of, reload, results_of, update_job
from tests.factories.v3 import V3Smile, asks_of, make_v3_job, person, run

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

LATER, AT_ONCE = Product.BIOMETRIC_KYC, Product.ENHANCED_KYC
PATHS = {LATER: "/v3/biometric_kyc", AT_ONCE: "/v3/enhanced_kyc/sync"}
#: How an answer is lost, and whether Smile had accepted the job.
LOST: dict[str, tuple[dict[str, Any], int]] = {
    "the request broke off": ({"mode": "drop"}, 0),
    "the answer broke off": ({"mode": "drop", "when": "after"}, 1),
    "half an answer": ({"mode": "truncate", "when": "after"}, 1),
    "a page in between": ({"mode": "garbage", "when": "after", "status": 200}, 1),
    "an error after the work": ({"mode": "status", "when": "after", "status": 500}, 1),
    "a gateway that gave up": ({"mode": "status", "when": "after", "status": 504}, 1),
    "a gateway that is down": ({"mode": "status", "status": 503}, 0),
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, retry_waits="1,2")


@pytest.fixture
def smile(tmp_path: Path, settings: Settings) -> V3Smile:
    return V3Smile(tmp_path, settings)


def charged(smile: V3Smile, settings: Settings, job: Job) -> int:
    return sum(each.charged for each in smile.jobs_of(settings, job))


def test_every_product_of_v3_has_a_request():
    assert set(REQUESTS) == {product for product, facts in FACTS.items() if facts.v3}


@pytest.mark.parametrize("product", [product for product in REQUESTS if product != AT_ONCE])
def test_job_is_submitted_and_followed_to_its_decision(
    database: Database, settings: Settings, smile: V3Smile, product: Product
):
    asks = {}
    if product == Product.SMARTSELFIE_AUTHENTICATION:
        enrolled = make_v3_job(database, settings, Product.SMARTSELFIE_REGISTRATION)
        run(database, settings, enrolled, smile)
        smile.decides()
        asks = {"user_id": enrolled.user_id}
    job = make_v3_job(database, settings, product, asks=asks)

    run(database, settings, job, smile)
    sent = reload(database, job)
    run(database, settings, job, smile)
    waiting = reload(database, job)
    smile.decides()
    run(database, settings, job, smile)

    assert (sent.state, sent.step, sent.submitted_at is not None) == (JobState.WAITING, SendingStep.SENT, True)
    assert sent.callback_due_at is not None
    assert (waiting.state, waiting.outcome) == (JobState.WAITING, None)
    done = reload(database, job)
    (at_smile,) = smile.jobs_of(settings, job)
    assert (done.state, done.outcome, done.smile_job_id) == (JobState.DONE, Outcome.APPROVED, at_smile.job_id)
    assert (done.result_code, done.result_text, done.due_at, done.problem) == (None, None, None, None)
    assert at_smile.charged == 1
    assert at_smile.partner_params[REFERENCE] == job.job_id
    assert at_smile.callback_url.startswith("http://localhost/hooks/smile/")
    assert [(row.source, row.is_confirmed) for row in results_of(database, job)] == [(ResultSource.JOB_STATUS, True)]


def test_enhanced_kyc_is_settled_by_its_own_answer(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings, AT_ONCE, asks={"person": person("Fatima Bello", "Ghostwell")})

    run(database, settings, job, smile)

    done = reload(database, job)
    assert (done.state, done.outcome, done.result_code) == (JobState.DONE, Outcome.REJECTED, "identifier_not_found")
    assert done.callback_due_at is None
    assert done.smile_job_id == smile.jobs_of(settings, job)[0].job_id
    assert verdict_sentence(done) == "The authority has nobody on record under this number."
    assert [(row.source, row.is_confirmed) for row in results_of(database, job)] == [(ResultSource.SUBMIT, True)]


@pytest.mark.parametrize("authority", ["silent", "down", "error"])
def test_authority_that_does_not_answer_leaves_an_id_to_ask_about(
    database: Database, settings: Settings, smile: V3Smile, authority: str
):
    """408, 424 and 500 carry the id of the job, which was accepted and is charged once."""
    job = make_v3_job(database, settings, AT_ONCE)
    switch = {"authority": authority}
    assert smile.app.test_client().post("/_sandbox/v3", json=switch).status_code == 200

    run(database, settings, job, smile)
    sent = reload(database, job)
    run(database, settings, job, smile)

    assert (sent.state, sent.step, sent.callback_due_at) == (JobState.WAITING, SendingStep.SENT, None)
    done = reload(database, job)
    assert (done.state, done.outcome) == (JobState.DONE, Outcome.ERROR)
    assert charged(smile, settings, job) == 1


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("product", [LATER, AT_ONCE])
def test_what_may_have_arrived_is_never_sent_again(
    database: Database, settings: Settings, smile: V3Smile, product: Product, lost: str
):
    how, arrived = LOST[lost]
    job = make_v3_job(database, settings, product)
    smile.fails(PATHS[product], **how)

    for _ in range(4):
        run(database, settings, job, smile)

    unclear = reload(database, job)
    assert (unclear.state, unclear.step, unclear.smile_job_id) == (JobState.WAITING, SendingStep.SENDING, None)
    assert smile.paths().count(PATHS[product].removeprefix("/v3/")) == 1
    assert charged(smile, settings, job) == arrived
    assert events_of(database, job).count("may_have_arrived") == 1
    assert unclear.due_at is not None
    assert unclear.due_at > utc_now() + timedelta(days=6)


@pytest.mark.parametrize(("product", "what_follows"), [(LATER, "Wait a few minutes"), (AT_ONCE, "No callback follows")])
def test_page_says_that_it_may_have_been_charged_and_what_to_do(
    database: Database, settings: Settings, smile: V3Smile, product: Product, what_follows: str
):
    job = make_v3_job(database, settings, product)
    smile.fails(PATHS[product], "drop")

    run(database, settings, job, smile)

    unclear, now = reload(database, job), utc_now()
    assert "may have been charged" in verdict_sentence(unclear)
    assert [need.name for need in needs_of(unclear, now)] == ["maybe_charged"]
    said = next_step(unclear, now)
    assert what_follows in said
    assert "Smile's portal" in said
    assert "never sent again by itself" in said
    assert "may have charged it" in str(problem_text(unclear))
    assert callback_standing(unclear, now)[0] == "not known yet"
    assert not unclear.callback_overdue(now + timedelta(days=1))
    assert not unclear.may_check


def test_job_that_may_have_arrived_expires_without_a_callback(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings)
    smile.fails(PATHS[LATER], "drop")
    run(database, settings, job, smile)
    update_job(database, job, sending_at=utc_now() - timedelta(days=7, minutes=1))

    run(database, settings, job, smile)

    expired, now = reload(database, job), utc_now()
    assert (expired.state, expired.due_at) == (JobState.EXPIRED, None)
    assert [need.name for need in needs_of(expired, now)] == ["maybe_charged"]
    assert next_step(expired, now).startswith("Look in Smile's portal")


@pytest.mark.parametrize("product", [LATER, AT_ONCE])
def test_run_that_finds_the_step_of_a_killed_one_sends_nothing(
    database: Database, settings: Settings, smile: V3Smile, product: Product
):
    step = {"state": JobState.SUBMITTING, "step": SendingStep.SENDING, "sending_at": utc_now()}
    job = make_v3_job(database, settings, product, **step)

    run(database, settings, job, smile)

    assert smile.adapter.calls == []
    assert reload(database, job).may_have_arrived


@pytest.mark.parametrize("product", [LATER, AT_ONCE])
@pytest.mark.parametrize("how", [{"mode": "drop"}, {"mode": "status", "status": 500}], ids=["broken", "500"])
def test_token_that_does_not_come_leaves_the_job_to_be_sent(
    database: Database, settings: Settings, smile: V3Smile, product: Product, how: dict[str, Any]
):
    job = make_v3_job(database, settings, product)
    smile.fails("/v3/token", times=3, **how)

    run(database, settings, job, smile)
    delayed = reload(database, job)
    run(database, settings, job, smile)

    assert (delayed.state, delayed.step, delayed.attempts) == (JobState.QUEUED, SendingStep.CREATED, 1)
    assert reload(database, job).step == SendingStep.SENT
    assert charged(smile, settings, job) == 1


def test_intent_is_saved_when_the_token_is_there_and_before_the_request(
    database: Database, settings: Settings, smile: V3Smile, monkeypatch: pytest.MonkeyPatch
):
    job, steps = make_v3_job(database, settings), []
    send = Account._send

    def look(account: Account, method: str, path: str, *arguments: Any) -> Any:
        row = reload(database, job)
        steps.append((path, row.step, row.sending_at is not None))
        return send(account, method, path, *arguments)

    monkeypatch.setattr(Account, "_send", look)
    run(database, settings, job, smile)

    assert steps == [("token", SendingStep.CREATED, False), ("biometric_kyc", SendingStep.SENDING, True)]


REFUSALS = {
    "wallet": "Add funds in Smile's portal",
    "product": "activate this product",
    "id_type": "activate this ID type",
    "production": "no access to production",
    "sdk_version": "Update it",
    "ip": "address is allowed",
    "callback_url": "Allow this dashboard's address",
    "number_blocked": "unblock this number",
}


@pytest.mark.parametrize("product", [LATER, AT_ONCE])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusal_fails_with_what_to_do_and_costs_nothing(
    database: Database, settings: Settings, smile: V3Smile, product: Product, refusal: str
):
    job = make_v3_job(database, settings, product)
    assert smile.app.test_client().post("/_sandbox/v3", json={"refusal": refusal}).status_code == 200

    run(database, settings, job, smile)

    failed = reload(database, job)
    assert (failed.state, failed.step, failed.due_at) == (JobState.FAILED, SendingStep.CREATED, None)
    assert REFUSALS[refusal] in str(problem_text(failed))
    assert str(problem_text(failed)).startswith("Smile refused this (HTTP 4")
    assert charged(smile, settings, job) == 0
    assert [need.name for need in needs_of(failed, utc_now())] == ["failed"]


def test_field_that_smile_refuses_is_named(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings, asks={"id_type": "NO_SUCH_TYPE"})

    run(database, settings, job, smile)

    said = str(problem_text(reload(database, job)))
    assert "HTTP 400" in said
    assert "'id_type'" in said


def test_what_the_client_finds_wrong_is_named_and_nothing_leaves(
    database: Database, settings: Settings, smile: V3Smile
):
    job = make_v3_job(database, settings, asks={"person": {"first_name": "Amina", "last_name": "Bello"}})

    run(database, settings, job, smile)

    failed = reload(database, job)
    assert failed.state == JobState.FAILED
    assert "consent: is missing" in str(problem_text(failed))
    assert smile.adapter.calls == []


def test_limit_of_requests_is_waited_for(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings, AT_ONCE)
    assert smile.app.test_client().post("/_sandbox/v3", json={"refusal": "rate_limit"}).status_code == 200

    run(database, settings, job, smile)
    delayed = reload(database, job)
    assert smile.app.test_client().post("/_sandbox/v3", json={}).status_code == 200
    run(database, settings, job, smile)

    assert (delayed.state, delayed.step, delayed.sending_at) == (JobState.QUEUED, SendingStep.CREATED, None)
    assert "Nothing was charged" in str(problem_text(delayed))
    assert reload(database, job).outcome == Outcome.APPROVED
    assert charged(smile, settings, job) == 1


def test_consent_that_smiles_clock_has_not_reached_is_tried_later(
    database: Database, settings: Settings, smile: V3Smile, monkeypatch: pytest.MonkeyPatch
):
    """Our clock is a little ahead, so the customer agreed at a moment that Smile's clock has not reached."""
    job = make_v3_job(database, settings)
    text = "Required field 'consent.granted_at' cannot be set in the future."
    with monkeypatch.context() as ahead:
        ahead.setattr(checks, "consent", raises(SmileRefuses(400, text)))
        run(database, settings, job, smile)

    delayed = reload(database, job)
    assert (delayed.state, delayed.step) == (JobState.QUEUED, SendingStep.CREATED)
    assert "clock is ahead" in str(problem_text(delayed))
    run(database, settings, job, smile)
    assert charged(smile, settings, job) == 1


def raises(error: Exception) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    return refuse


def test_refused_token_is_fetched_again_and_the_job_is_sent_once(
    database: Database, settings: Settings, smile: V3Smile
):
    job = make_v3_job(database, settings)
    smile.fails(PATHS[LATER], "status", status=401)

    run(database, settings, job, smile)

    assert [path for _, path in smile.adapter.calls] == ["/v3/token", PATHS[LATER]] * 2
    assert reload(database, job).step == SendingStep.SENT
    assert charged(smile, settings, job) == 1


@pytest.mark.parametrize("product", [LATER, AT_ONCE])
def test_answer_is_saved_although_another_run_has_taken_the_lease_over(
    database: Database, settings: Settings, smile: V3Smile, product: Product, monkeypatch: pytest.MonkeyPatch
):
    """The process was suspended for longer than its lease; only it knows the answer."""
    job = make_v3_job(database, settings, product)
    send = Account._send

    def suspended(account: Account, method: str, path: str, *arguments: Any) -> Any:
        answer = send(account, method, path, *arguments)
        if path != "token":
            update_job(database, job, lease=None, lease_until=None)
            run(database, settings, job, smile)
        return answer

    monkeypatch.setattr(Account, "_send", suspended)
    run(database, settings, job, smile)

    saved = reload(database, job)
    assert events_of(database, job).count("may_have_arrived") == 1
    assert (saved.step, saved.smile_job_id is not None) == (SendingStep.SENT, True)
    assert saved.state == (JobState.DONE if product == AT_ONCE else JobState.WAITING)
    assert saved.problem is None
    assert needs_of(saved, utc_now()) == []
    assert charged(smile, settings, job) == 1


def test_run_without_its_lease_sends_nothing(database: Database, settings: Settings, smile: V3Smile):
    job = make_v3_job(database, settings)
    fetch = smile.clients.v3._account.fetch_token

    def too_slow(values: Any) -> Any:
        update_job(database, job, lease="another run")
        return fetch(values)

    smile.clients.v3._account.fetch_token = too_slow  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        run(database, settings, job, smile)

    assert smile.paths() == []
    assert reload(database, job).step == SendingStep.CREATED


def test_answer_waits_for_a_database_that_is_away(
    database: Database, settings: Settings, smile: V3Smile, monkeypatch: pytest.MonkeyPatch
):
    job, failures = make_v3_job(database, settings, AT_ONCE), [1, 2]
    note = v3_sending._note_answer

    def note_if_there(*arguments: Any) -> None:
        if failures:
            failures.pop()
            raise OperationalError("", None, Exception())
        note(*arguments)

    monkeypatch.setattr(v3_sending, "_note_answer", note_if_there)
    monkeypatch.setattr(v3_sending, "what_is_away", lambda _: "away")
    monkeypatch.setattr(v3_sending, "SAVING_WAITS_SECONDS", (0.0, 0.0))
    run(database, settings, job, smile)

    assert reload(database, job).outcome == Outcome.APPROVED


def test_missing_image_is_tried_later(database: Database, settings: Settings, smile: V3Smile, session: Session):
    job = make_v3_job(database, settings)
    image = session.exec(select(Image).where(Image.job_id == job.id)).first()
    assert image is not None
    (settings.media_dir / image.media_path).unlink()

    run(database, settings, job, smile)

    delayed = reload(database, job)
    assert (delayed.state, delayed.step) == (JobState.QUEUED, SendingStep.CREATED)
    assert "cannot be read" in str(problem_text(delayed))


def test_everything_that_was_asked_for_is_sent(database: Database, settings: Settings, smile: V3Smile):
    phone = {"phone_number": "+2348012345678"}
    asks = asks_of(LATER, partner_params={"order": "17", "sandbox_result": "1220"}, person=person(**phone))
    job = make_v3_job(database, settings, asks=asks)

    run(database, settings, job, smile)

    (at_smile,) = smile.jobs_of(settings, job)
    assert at_smile.user_id == job.user_id
    assert at_smile.partner_params["order"] == "17"
    assert "sandbox_result" not in at_smile.partner_params
    assert at_smile.id_info["sandbox_result"] == 1220
    assert at_smile.id_info["user_details"]["given_names"] == "Amina Fatou"
    assert at_smile.id_info["user_details"]["phone_number"] == phone["phone_number"]
    assert at_smile.id_info["id_number"] == "00000000000"
