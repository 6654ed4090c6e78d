"""Callbacks that are not as documented: the shape of job_status, Actions of any type, claims that claim nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.tasks import handle
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import read_job_status, settle_job
from dashboard.jobs.models import Job, Outcome, Result, ResultSource
from dashboard.jobs.submitting.callback_keys import callback_key
from tests.factories.callbacks import DOOR, deliver, encode, make_job, make_payload
from tests.factories.jobs import answered

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
ACTIONS = [["Liveness_Check: Passed"], "Passed", {"Selfie_Check": {"ResultText": "x"}}, {"Selfie_Check": ["Failed"]}]


def status_shape(**changes: Any) -> dict[str, Any]:
    """What job_status answers, as a callback."""
    flat = make_payload(**changes)
    around = {"timestamp": flat.pop("timestamp"), "signature": flat.pop("signature")}
    return around | {"job_complete": True, "job_success": True, "code": "2302", "result": flat, "history": []}


def newest(session: Session) -> Callback:
    session.rollback()
    return session.exec(select(Callback).order_by(col(Callback.id).desc()).limit(1)).one()


def hand_over(app: Flask, session: Session) -> Callback:
    callback = newest(session)
    with app.app_context():
        handle(callback.id)
    return newest(session)


def settle(database: Database, job: Job, answer: dict[str, Any]) -> None:
    with database.transaction() as session:
        result = read_job_status(answer, job.job_type)
        assert result is not None
        settle_job(session, session.get_one(Job, job.id), result, ResultSource.JOB_STATUS, utc_now())


@pytest.mark.parametrize("is_at_own_address", [True, False])
def test_shape_of_job_status_is_read_through_its_result(
    app: Flask, client: FlaskClient, database: Database, session: Session, settings: Settings, is_at_own_address: bool
) -> None:
    secret = settings.secret_key.get_secret_value()
    job = make_job(database, secret_key=secret)
    path = f"{DOOR}/{callback_key(secret, job.id)}" if is_at_own_address else DOOR

    assert deliver(client, encode(status_shape()), path).status_code == 200
    callback = hand_over(app, session)

    assert (callback.verdict, callback.job_id, callback.claimed_job_id) == (Verdict.VALID, job.id, "job-1")
    assert (callback.result_code, callback.claimed_smile_job_id, callback.country) == ("0810", "0000000046", "NG")
    claim = session.exec(select(Result).where(Result.job_id == job.id)).one()
    assert (claim.outcome, claim.result_code, claim.is_confirmed) == (Outcome.APPROVED, "0810", False)


def test_page_of_the_shape_of_job_status_shows_what_it_claims(
    client: FlaskClient, database: Database, sign_in: SignIn, session: Session
) -> None:
    make_job(database)
    deliver(client, encode(status_shape(FullName="Joe Doe", IDNumber="22212345678")))
    address = f"/callbacks/{newest(session).id}"
    cleo = sign_in("cleo")

    page, body = cleo.get(address).text, json.loads(cleo.get(f"{address}.json").json["body"])

    assert "is approved: Enroll User." in page
    assert "Liveness check" in page
    assert "Joe Doe" not in page
    assert (body["result"]["FullName"], body["result"]["IDNumber"]) == ("[masked]", "[masked] 5678")
    assert body["result"]["PartnerParams"] == {"job_id": "job-1", "user_id": "user-1", "job_type": 1}


@pytest.mark.parametrize("actions", ACTIONS)
def test_actions_of_any_type_are_shown_everywhere(
    app: Flask, client: FlaskClient, database: Database, sign_in: SignIn, session: Session, actions: Any
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload(Actions=actions)))
    address, ben = f"/callbacks/{hand_over(app, session).id}", sign_in("ben")

    for page in (address, f"{address}/status", f"{address}.json", f"/jobs/{job.id}", f"/jobs/{job.id}/status"):
        assert ben.get(page).status_code == 200
    for shown in (ben.get(address).text, ben.get(f"/jobs/{job.id}").text):
        assert any(words in shown for words in ("Passed", "Failed", ">x<", ": x"))


@pytest.mark.parametrize(
    "changes",
    [
        {"ResultCode": "1012", "ResultText": "ID Validated"},
        {"ResultCode": "1012", "IsFinalResult": None},
        {"ResultCode": 810},
        {"ResultCode": "810"},
        {"ResultCode": "9999"},
        {"ResultCode": None, "ResultText": None, "error": "Something went wrong"},
        {"ResultCode": "0811", "IsFinalResult": "false"},
    ],
)
@pytest.mark.parametrize("shape", [make_payload, status_shape])
@pytest.mark.parametrize("is_before", [True, False])
def test_claim_that_claims_nothing_final_is_no_disagreement_anywhere(
    app: Flask,
    client: FlaskClient,
    database: Database,
    sign_in: SignIn,
    session: Session,
    changes: dict[str, Any],
    shape: Callable[..., dict[str, Any]],
    is_before: bool,
) -> None:
    job = make_job(database)
    if not is_before:
        settle(database, job, answered("0810"))
    deliver(client, encode(shape(**changes)))
    callback = hand_over(app, session)
    if is_before:
        settle(database, job, answered("0810"))
    ben = sign_in("ben")

    twin = ben.get(f"/callbacks/{callback.id}.json").json
    listed = ben.get("/callbacks.json").json["items"][0]

    assert (twin["alarm"], twin["is_contradicted"], listed["is_contradicted"]) == (None, False, False)
    assert "but Smile says" not in ben.get("/callbacks").text
    assert "Disagreement" not in ben.get(f"/jobs/{job.id}").text
    assert ben.get(f"/jobs/{job.id}.json").json["is_contradicted"] is False
    assert ben.get("/jobs.json?needs=disagreement").json["items"] == []


@pytest.mark.parametrize("shape", [make_payload, status_shape])
def test_contradiction_is_told_alike_by_list_inspector_job_and_json(
    app: Flask,
    client: FlaskClient,
    database: Database,
    sign_in: SignIn,
    session: Session,
    shape: Callable[..., dict[str, Any]],
) -> None:
    job = make_job(database)
    deliver(client, encode(shape()))
    callback = hand_over(app, session)
    settle(database, job, answered(811, job_success=False))
    ben = sign_in("ben")

    twin = ben.get(f"/callbacks/{callback.id}.json").json
    listed = ben.get("/callbacks.json").json["items"][0]

    assert twin["alarm"] == "It claims approved (code 0810), but Smile itself says rejected (code 0811)."
    assert (twin["is_contradicted"], listed["is_contradicted"]) == (True, True)
    assert "but Smile says rejected" in ben.get("/callbacks").text
    assert "Disagreement" in ben.get(f"/jobs/{job.id}").text
    assert ben.get(f"/jobs/{job.id}.json").json["is_contradicted"] is True


def test_list_calls_the_id_step_of_a_face_product_no_approval(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    make_job(database)
    deliver(client, encode(make_payload(ResultCode="1012", ResultText="ID Validated")))

    page = sign_in("cleo").get("/callbacks").text

    assert "unknown: ID Validated" in page
    assert "approved: ID Validated" not in page
