"""The step machine of a submission: from each saved step, for whatever Smile says, never twice without asking."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.following import note_callback
from dashboard.jobs.following.sending import send_to_smile
from dashboard.jobs.models import Image, Job, JobState, Outcome, ResultSource, SendingStep
from dashboard.jobs.problems import problem_text
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.submitting.leases import leased
from dashboard.jobs.submitting.media import read_image
from dashboard.jobs.submitting.submission import identity
from dashboard.smile import BadSignature, InvalidRequest, Refused, SmileError, TransportFailed
from tests.conftest import make_settings
from tests.factories.images import make_jpeg
from tests.factories.jobs import (
    BVN,
    NO_ZIP,
    PREPARED,
    RUNNING,
    FakeSmile,
    answered,
    at_once,
    events_of,
    make_job,
    reload,
    results_of,
    update_job,
)

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

UNKNOWN = Refused(400, "2304", "Job not found")
STANDINGS: dict[str, Any] = {"unknown": UNKNOWN, "without zip": NO_ZIP, "received": RUNNING}
CAN_RETRY: dict[str, SmileError] = {
    "no answer": TransportFailed("No answer came."),
    "never left": TransportFailed("Not connected.", maybe_sent=False),
    "500": Refused(500),
    "503": Refused(503, None, "down"),
    "429": Refused(429, None, "slow down", None, 77.0),
    "bad signature": BadSignature("signed by nobody we know"),
}
REFUSALS = ("2203", "2205", "2207", "2208", "2209", "2210", "2211", "2212", "2213", "2216", "2220", "2999", None)
AT_ONCE = (Product.ENHANCED_KYC, Product.BASIC_KYC, Product.BUSINESS_VERIFICATION)


@pytest.fixture
def settings(tmp_path: Any, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url=database_url, retry_waits="1,2,4")


def make_stopped_job(database: Database, settings: Settings, step: SendingStep, product: Product, **row: Any) -> Job:
    """A job whose worker was killed after it had saved this step."""
    state = JobState.QUEUED if step == SendingStep.CREATED else JobState.SUBMITTING
    job = make_job(database, settings, product, step=step, state=state, **row)
    if step in (SendingStep.PREPARED, SendingStep.SENDING) and not FACTS[product].is_answered_at_once:
        with database.transaction() as session:
            sealed = session.info["keyring"].seal(PREPARED["upload_url"].encode(), identity(job, "upload_url"))
            session.get_one(Job, job.id).upload_url_sealed = sealed
    return job


def run(database: Database, settings: Settings, job: Job, **answers: Any) -> FakeSmile:
    fake = FakeSmile({name: answer if isinstance(answer, list) else [answer] for name, answer in answers.items()})
    with leased(job.id) as lease:
        assert lease, "the job is not due"
        send_to_smile(lease, fake.clients, settings)
    return fake


EXPECTED = {
    (SendingStep.CREATED, "unknown"): ["prepare", "zip"],
    (SendingStep.CREATED, "without zip"): ["prepare", "zip"],
    (SendingStep.CREATED, "received"): ["prepare", "zip"],
    (SendingStep.PREPARING, "unknown"): ["job_status", "prepare", "zip"],
    (SendingStep.PREPARING, "without zip"): ["job_status", "retry", "zip"],
    (SendingStep.PREPARING, "received"): ["job_status"],
    (SendingStep.PREPARED, "unknown"): ["zip"],
    (SendingStep.PREPARED, "without zip"): ["zip"],
    (SendingStep.PREPARED, "received"): ["zip"],
    (SendingStep.SENDING, "unknown"): ["job_status", "prepare", "zip"],
    (SendingStep.SENDING, "without zip"): ["job_status", "zip"],
    (SendingStep.SENDING, "received"): ["job_status"],
}


@pytest.mark.parametrize(("step", "standing"), EXPECTED)
def test_images_go_on_from_every_saved_step(database: Database, settings: Settings, step: SendingStep, standing: str):
    job = make_stopped_job(database, settings, step, Product.BIOMETRIC_KYC)

    fake = run(database, settings, job, job_status=STANDINGS[standing])

    sent = reload(database, job)
    assert fake.calls == EXPECTED[step, standing]
    assert (sent.state, sent.step) == (JobState.WAITING, SendingStep.SENT)
    assert sent.submitted_at is not None
    assert sent.callback_due_at is not None
    assert sent.due_at is not None
    assert sent.upload_url_sealed is None


@pytest.mark.parametrize("product", AT_ONCE)
@pytest.mark.parametrize(
    ("step", "standing", "asks", "submits"),
    [
        (SendingStep.CREATED, UNKNOWN, False, True),
        (SendingStep.SENDING, UNKNOWN, True, True),
        (SendingStep.SENDING, NO_ZIP, True, True),
        (SendingStep.SENDING, RUNNING, True, False),
        (SendingStep.SENDING, answered("1012"), True, False),
    ],
)
def test_call_answered_at_once_goes_on_from_every_saved_step(
    database: Database,
    settings: Settings,
    product: Product,
    step: SendingStep,
    standing: Any,
    asks: bool,
    submits: bool,
):
    job = make_stopped_job(database, settings, step, product)

    fake = run(database, settings, job, job_status=standing)

    call = "basic" if product == Product.BASIC_KYC else "submit"
    assert fake.calls == ["job_status"] * asks + [call] * submits
    sent = reload(database, job)
    assert sent.step == SendingStep.SENT
    if standing is RUNNING:
        assert sent.state == JobState.WAITING
    else:
        assert (sent.state, sent.outcome) == (JobState.DONE, Outcome.APPROVED)
        assert sent.due_at is None
        assert [row.source for row in results_of(database, job)] == [
            ResultSource.SUBMIT if submits else ResultSource.JOB_STATUS
        ]


@time_machine.travel(utc_now(), tick=False)  # A second would be over on a busy machine.
@pytest.mark.parametrize("error", CAN_RETRY.values(), ids=CAN_RETRY)
@pytest.mark.parametrize("call", ["prepare", "zip", "submit", "basic"])
def test_call_that_may_have_arrived_is_asked_about_before_it_is_repeated(
    database: Database, settings: Settings, call: str, error: SmileError
):
    product = {"submit": Product.ENHANCED_KYC, "basic": Product.BASIC_KYC}.get(call, Product.BIOMETRIC_KYC)
    job = make_job(database, settings, product)

    first = run(database, settings, job, **{call: error})

    delayed = reload(database, job)
    assert first.calls[-1] == call
    assert (delayed.state, delayed.attempts) == (JobState.SUBMITTING, 1)
    assert problem_text(delayed)
    assert not at_once(delayed.due_at)
    assert "delayed" in events_of(database, job)
    update_job(database, job, due_at=utc_now())
    second = run(database, settings, job, job_status=RUNNING)
    assert second.calls == ["job_status"]


@pytest.mark.parametrize("product", [Product.BIOMETRIC_KYC, Product.ENHANCED_KYC])
def test_attempts_are_bounded_and_every_repetition_asks_first(database: Database, settings: Settings, product: Product):
    job, runs = make_job(database, settings, product), []
    failing = {"prepare": TransportFailed("No answer came."), "submit": TransportFailed("No answer came.")}

    while reload(database, job).state != JobState.FAILED:
        assert len(runs) < 10
        update_job(database, job, due_at=utc_now())
        runs.append(run(database, settings, job, job_status=UNKNOWN, **failing).calls)

    assert len(runs) == len(settings.retry_waits) + 1
    assert all(calls[0] == "job_status" for calls in runs[1:])
    failed = reload(database, job)
    assert "All attempts are used up" in str(problem_text(failed))
    assert failed.due_at is None
    assert failed.settled_at is not None


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_ends_the_job_with_its_code_and_what_to_do(database: Database, settings: Settings, code: str | None):
    job = make_job(database, settings, Product.ENHANCED_KYC)

    run(database, settings, job, submit=Refused(400, code, "Error - So it is."))

    failed = reload(database, job)
    assert (failed.state, failed.result_code, failed.due_at) == (JobState.FAILED, code, None)
    assert str(problem_text(failed)).startswith(
        f"Smile refused this ({f'code {code}' if code else 'HTTP 400'}): So it is."
    )
    assert str(problem_text(failed)).count(".") >= 2, "says no more than the refusal itself"
    assert "failed" in events_of(database, job)


@pytest.mark.parametrize("call", ["prepare", "submit"])
def test_job_id_that_somebody_else_used_fails_at_once(database: Database, settings: Settings, call: str):
    job = make_job(database, settings, Product.ENHANCED_KYC if call == "submit" else Product.BIOMETRIC_KYC)

    run(database, settings, job, **{call: Refused(400, "2215", "Job already exists")})

    failed = reload(database, job)
    assert (failed.state, failed.result_code) == (JobState.FAILED, "2215")


@pytest.mark.parametrize(("step", "call"), [(SendingStep.PREPARING, "prepare"), (SendingStep.SENDING, "submit")])
def test_job_id_that_our_own_lost_call_used_is_asked_about(
    database: Database, settings: Settings, step: SendingStep, call: str
):
    """Killed while Smile was still at it: job_status does not know the job yet, the repeated call finds it there."""
    product = Product.ENHANCED_KYC if call == "submit" else Product.BIOMETRIC_KYC
    job = make_stopped_job(database, settings, step, product)

    run(database, settings, job, job_status=UNKNOWN, **{call: Refused(400, "2215", "Job already exists")})

    delayed = reload(database, job)
    assert delayed.state == JobState.SUBMITTING
    assert "already has this job" in str(problem_text(delayed))
    update_job(database, job, due_at=utc_now())
    assert run(database, settings, job, job_status=RUNNING).calls == ["job_status"]
    assert reload(database, job).state == JobState.WAITING


@pytest.mark.parametrize(
    ("product", "step"), [(Product.BIOMETRIC_KYC, SendingStep.PREPARING), (Product.ENHANCED_KYC, SendingStep.SENDING)]
)
@pytest.mark.parametrize(
    "unclear",
    [
        Refused(401, "2205", "You are not authorized to do that"),
        Refused(400, "2204", "wrong type"),
        Refused(400, "2213", "missing"),
        Refused(403),
        Refused(404),
        Refused(400),
        Refused(302),
        Refused(503),
        TransportFailed("No answer came."),
        BadSignature("signed by nobody we know"),
    ],
    ids=str,
)
def test_nothing_is_submitted_while_the_standing_is_unclear(
    database: Database, settings: Settings, product: Product, step: SendingStep, unclear: SmileError
):
    """A proxy's 404, or a key that was changed: neither says that Smile has never seen the job."""
    job = make_stopped_job(database, settings, step, product)

    fake = run(database, settings, job, job_status=unclear)

    assert fake.calls == ["job_status"]
    delayed = reload(database, job)
    assert (delayed.state, delayed.step, delayed.attempts) == (JobState.SUBMITTING, step, 1)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_upload_address_that_is_used_up_is_fetched_again(database: Database, settings: Settings, status: int):
    job = make_job(database, settings)

    run(database, settings, job, zip=Refused(status, "AccessDenied", "expired"))
    delayed = reload(database, job)
    update_job(database, job, due_at=utc_now())
    fake = run(database, settings, job, job_status=NO_ZIP)

    assert (delayed.state, delayed.step) == (JobState.SUBMITTING, SendingStep.PREPARING)
    assert fake.calls == ["job_status", "retry", "zip"]


def test_request_that_breaks_a_rule_fails_with_the_field(database: Database, settings: Settings):
    job = make_job(database, settings)

    fake = run(database, settings, job, prepare=InvalidRequest({"user_id": "is missing"}))

    failed = reload(database, job)
    assert fake.calls == ["prepare"]
    assert (failed.state, problem_text(failed)) == (JobState.FAILED, "user_id: is missing")


@pytest.mark.parametrize(("asked_to_wait", "at_least", "at_most"), [(77.0, 76, 78), (10.0**9, 3590, 3601)])
def test_wait_that_smile_asks_for_is_kept_within_reason(
    database: Database, settings: Settings, asked_to_wait: float, at_least: int, at_most: int
):
    job = make_job(database, settings)

    run(database, settings, job, prepare=Refused(429, None, "slow down", None, asked_to_wait))

    due_at = reload(database, job).due_at
    assert due_at is not None
    assert timedelta(seconds=at_least) < due_at - utc_now() < timedelta(seconds=at_most)


@pytest.mark.parametrize(
    ("product", "call", "saved"),
    [
        (Product.BIOMETRIC_KYC, "prepare", SendingStep.PREPARING),
        (Product.BIOMETRIC_KYC, "zip", SendingStep.SENDING),
        (Product.ENHANCED_KYC, "submit", SendingStep.SENDING),
        (Product.BASIC_KYC, "basic", SendingStep.SENDING),
    ],
)
def test_step_is_committed_before_its_call_leaves(
    database: Database, settings: Settings, product: Product, call: str, saved: SendingStep
):
    job, seen = make_job(database, settings, product), []

    def look() -> Any:
        seen.append((reload(database, job).step, reload(database, job).upload_url_sealed is not None))
        return TransportFailed("No answer came.")

    run(database, settings, job, **{call: look})

    assert seen == [(saved, call == "zip")]


def test_callback_before_the_commit_of_sent_has_the_job_checked_at_once(database: Database, settings: Settings):
    job = make_job(database, settings)

    def call_back() -> None:
        now = utc_now()
        payload = {"ResultCode": "0810", "IsFinalResult": "true"}
        with database.transaction() as session:
            note_callback(
                session,
                session.get_one(Job, job.id),
                callback_id=job.id,
                verdict="valid",
                reason="It is.",
                received_at=now,
                payload=payload,
                is_worth_asking=True,
                now=now,
            )

    run(database, settings, job, zip=call_back)

    sent = reload(database, job)
    assert (sent.state, sent.outcome) == (JobState.WAITING, None)
    assert at_once(sent.due_at)
    assert not sent.callback_overdue(utc_now() + timedelta(days=1))


def test_everything_that_was_asked_for_is_sent(database: Database, settings: Settings):
    job = make_job(database, settings, asks={"partner_params": {"sandbox_result": "1"}})

    fake = run(database, settings, job)

    assert fake.sent["partner_params"] == {
        "user_id": job.user_id,
        "job_id": job.job_id,
        "job_type": 1,
        "sandbox_result": "1",
    }
    assert fake.sent["id_info"] == {
        "country": "NG",
        "id_type": "BVN",
        "id_number": BVN,
        "first_name": "Amina",
        "last_name": "Bello",
        "entered": True,
    }
    assert fake.sent["images"] == [make_jpeg(1, 40, 50)]
    assert fake.sent["callback_url"].startswith("http://localhost/hooks/smile/")
    assert fake.sent["upload_url"] == PREPARED["upload_url"]


@pytest.mark.parametrize("step", [SendingStep.CREATED, SendingStep.PREPARED])
def test_missing_picture_is_tried_later_and_says_so(
    database: Database, settings: Settings, session: Session, step: SendingStep
):
    job = make_stopped_job(database, settings, step, Product.BIOMETRIC_KYC)
    image = session.exec(select(Image).where(Image.job_id == job.id)).one()
    (settings.media_dir / image.media_path).unlink()

    run(database, settings, job)

    delayed = reload(database, job)
    assert (delayed.state, delayed.attempts) == (JobState.SUBMITTING, 1)
    assert "cannot be read" in str(problem_text(delayed))


def test_job_whose_person_cannot_be_opened_is_tried_later_and_nothing_leaves(database: Database, settings: Settings):
    job = make_job(database, settings, person_sealed=b"not sealed by any key of ours")

    fake = run(database, settings, job)

    assert fake.calls == []
    assert "cannot be read" in str(problem_text(reload(database, job)))


def test_stored_picture_reads_back_as_it_came(database: Database, settings: Settings, session: Session):
    job = make_job(database, settings)
    image = session.exec(select(Image).where(Image.job_id == job.id)).one()

    assert read_image(session.info["keyring"], settings.media_dir, image) == make_jpeg(1, 40, 50)
