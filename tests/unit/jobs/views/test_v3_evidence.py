"""What a job's page shows of v3: what Smile confirmed, and apart from it what a webhook claims; nothing as a link."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import keep_result, settle_job
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import Job, JobState, Outcome, ResultSource, SendingStep
from dashboard.jobs.showing.evidence import (
    IS_CONTRADICTED,
    IS_DECIDED,
    IS_ONLY_CLAIMED,
    IS_WHOLE,
    IS_WITHOUT_CLAIM,
    evidence_of,
    reason_words,
)
from dashboard.jobs.warnings import JobWarning
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.constants import REASONS
from tests.factories.callbacks import V3_JOB, make_v3_payload
from tests.factories.jobs import reload

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]
LINKS = ("https://links.example/selfie", "https://links.example/photo", "https://links.example/receipt?token=abc")
WEBHOOK = make_v3_payload(
    status="block",
    reason="high_risk",
    message="Verification failed",
    image_links={"selfie_image": LINKS[0]},
    kyc_receipt=LINKS[2],
    id_fields={
        "country": "NG",
        "full_name": "Canarina Quetzalova",
        "id_number": "22255566677",
        "date_of_birth": "1961-07-08",
        "photo_url": LINKS[1],
        "occupation": "Canary keeper",
    },
    antifraud={"fraud_risk": {"risk_level": "high", "risk_score": 90}, "summary": {"fraud_detected": True}},
    device_signals={"ip": "192.0.2.77"},
)
PERSONAL = ("Canarina", "22255566677", "1961-07-08", "Canary keeper", "192.0.2.77", "token=abc")
STATUS = {"status": "block", "job_id": V3_JOB, "user_id": "user-1", "message": "Job completed"}


@pytest.fixture
def job(make_job: MakeJob) -> Job:
    now = utc_now()
    row = {"state": JobState.WAITING, "step": SendingStep.SENT, "submitted_at": now, "callback_due_at": now}
    return make_job(api=SmileApi.V3, smile_job_id=V3_JOB, **row)


def claim(database: Database, job: Job, payload: dict[str, Any] = WEBHOOK) -> None:
    with database.transaction() as session:
        found, at = session.get_one(Job, job.id), utc_now() - timedelta(seconds=1)
        keep_result(session, found, read_v3(payload), ResultSource.CALLBACK, at, is_confirmed=False)


def confirm(
    database: Database, job: Job, payload: dict[str, Any] = STATUS, source: ResultSource = ResultSource.JOB_STATUS
) -> None:
    with database.transaction() as session:
        settle_job(session, session.get_one(Job, job.id), read_v3(payload), source, utc_now())


def page_of(sign_in: SignInAs, job: Job, who: str = "ben") -> str:
    return sign_in(who).get(f"/jobs/{job.id}").text


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_a_claim_stands_apart_from_the_confirmed_decision(
    sign_in: SignInAs, database: Database, job: Job, who: str
) -> None:
    claim(database, job)
    confirm(database, job)

    page = page_of(sign_in, job, who)

    assert IS_DECIDED in page
    confirmed, _, claimed = page.partition("Only claimed by a webhook")
    assert "Confirmed by Smile" in confirmed
    assert "Smile rates the risk of fraud as high." in claimed
    assert "high, score 90 of 100" in claimed
    assert "selfie_image" in claimed
    assert [value for value in (*PERSONAL, *LINKS) if value in page] == []


def test_links_are_never_links(sign_in: SignInAs, database: Database, job: Job) -> None:
    claim(database, job)
    reveal = {"reason": "review"}

    page = sign_in("ben").post(f"/jobs/{job.id}/reveals", data=reveal).text

    assert LINKS[0] in page
    assert "Canarina" in page
    assert "Canary keeper" in page
    for link in LINKS:
        assert f'="{link}' not in page


def test_what_is_only_claimed_says_so(sign_in: SignInAs, database: Database, job: Job) -> None:
    claim(database, job)

    page = page_of(sign_in, job)

    assert IS_ONLY_CLAIMED in page
    assert "Confirmed by Smile" not in page


def test_a_decision_without_a_webhook_says_that_nothing_else_is_known(
    sign_in: SignInAs, database: Database, job: Job
) -> None:
    confirm(database, job)

    assert IS_WITHOUT_CLAIM in page_of(sign_in, job)


def test_an_answer_at_once_confirms_all_of_it(sign_in: SignInAs, database: Database, job: Job) -> None:
    confirm(database, job, WEBHOOK, ResultSource.SUBMIT)

    page = page_of(sign_in, job)

    assert IS_WHOLE in page
    assert "Smile rates the risk of fraud as high." in page
    assert "Only claimed by a webhook" not in page


def test_a_lying_webhook_raises_the_alarm_and_changes_nothing(
    sign_in: SignInAs, database: Database, job: Job, session: Session
) -> None:
    confirm(database, job)
    before = reload(database, job)
    claim(database, job, make_v3_payload(status="clear"))
    confirm(database, job)

    page = page_of(sign_in, job)

    after = reload(database, job)
    assert (after.outcome, after.result_code, after.settled_at) == (
        before.outcome,
        before.result_code,
        before.settled_at,
    )
    assert after.outcome == Outcome.REJECTED
    assert IS_CONTRADICTED in page
    assert "A callback claimed approved, but Smile confirms rejected." in page


def test_signs_of_fraud_in_a_webhook_are_a_claimed_warning(database: Database, job: Job, session: Session) -> None:
    claim(database, job, make_v3_payload(antifraud={"summary": {"fraud_detected": True}}))
    confirm(database, job, STATUS | {"status": "clear"})

    warnings = session.exec(select(JobWarning)).all()
    assert [(each.is_confirmed, each.source) for each in warnings] == [(False, ResultSource.CALLBACK)]
    assert reload(database, job).outcome == Outcome.APPROVED


@pytest.mark.parametrize("reason", REASONS)
def test_every_documented_reason_has_words(reason: str) -> None:
    assert "not documented" not in reason_words(Outcome.REJECTED, reason, None, is_confirmed=False)


def test_other_reasons_go_to_a_person_and_none_is_no_reason() -> None:
    assert "“novel” is not documented" in reason_words(Outcome.REJECTED, "novel", None, is_confirmed=True)
    claimed = reason_words(Outcome.REJECTED, None, "Failed", is_confirmed=False)
    assert claimed == "No reason is given. It says: “Failed”."
    assert reason_words(Outcome.APPROVED, None, "Fine", is_confirmed=True) == "Smile wrote: “Fine”."
    assert reason_words(Outcome.APPROVED, None, None, is_confirmed=True) == ""


ODD: list[Any] = [None, "", 7, True, [], {}, [1], {"a": {"b": []}}, "x" * 5000, "\ud800", -1.5, {"x": "y" * 3000}]
NAMES = ("id_fields", "image_links", "antifraud", "kyc_receipt", "device_signals", "message", "people", "consent")


def test_fields_of_any_type_are_shown_without_an_error(sign_in: SignInAs, database: Database, job: Job) -> None:
    client = sign_in("ben")
    for number, value in enumerate(ODD):
        nested = {
            "fraud_risk": value,
            "summary": value,
            "fraud_risk_score": value,
            "fraud_risk_indicator_groups": value,
        }
        claim(database, job, {**WEBHOOK, **dict.fromkeys(NAMES, value), "reason": f"reason {number}"})
        assert client.get(f"/jobs/{job.id}").status_code == 200
        claim(database, job, {**WEBHOOK, "antifraud": nested, "id_fields": {"a": value}, "reason": f"another {number}"})
        assert client.get(f"/jobs/{job.id}").status_code == 200
    assert client.get(f"/jobs/{job.id}.json").status_code == 200


def test_a_job_of_v1_has_no_such_section(sign_in: SignInAs, make_job: MakeJob, database: Database) -> None:
    job = make_job(state=JobState.WAITING, step=SendingStep.SENT, submitted_at=utc_now())

    assert "Confirmed and claimed" not in page_of(sign_in, job)
    assert evidence_of(reload(database, job), [], {}, None) is None
