"""Warnings on purpose: by the switch, by partner_params, on the console; read back by the client's own reader."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.warnings import SAMPLE_USERS, WARNINGS, WarningSwitch, smile_secure_entry, with_warnings
from dashboard.smile.warnings import WarningKind, warnings_in
from tests.unit.sandbox import calls

Submit = Callable[..., dict[str, Any]]
TODAY = date(2026, 11, 27)


def kinds(result: dict[str, Any]) -> set[str]:
    return {warning.kind.value for warning in warnings_in(result, TODAY)}


def secure(sandbox: Sandbox, job_id: str = "job-1") -> list[str]:
    return [sent["entry"]["ResultCode"] for sent in sandbox.store.jobs[job_id].deliveries]


def test_every_kind_that_stands_in_an_answer_can_be_made():
    assert set(WARNINGS) == set(WarningKind) - {WarningKind.SEARCH_FAILED}


@pytest.mark.parametrize("name", WARNINGS)
def test_switch_makes_approvals_warn(client: FlaskClient, submit: Submit, name: str):
    assert client.post("/_sandbox/warnings", json={"warnings": [name]}).json == {
        "warnings": [name],
        "smile_secure": None,
    }

    status = submit(calls.params())

    assert status["job_success"] is True
    assert name in kinds(status["result"])
    client.post("/_sandbox/warnings", json={})
    assert kinds(submit(calls.params(job_id="job-2", user_id="user-2"))["result"]) == set()


def test_partner_params_make_one_job_warn(submit: Submit):
    status = submit(calls.params(sandbox_warnings="number_seen_before, deceased"))

    assert kinds(status["result"]) == {"number_seen_before", "deceased"}
    assert status["result"]["UserIDsOfPreviousRegistrants"] == list(SAMPLE_USERS)


@pytest.mark.parametrize(("result", "code"), [("none", "5210"), ("suspects", "5211"), ("failed", "5212")])
def test_smile_secure_calls_back_by_itself_and_job_status_never_tells(
    client: FlaskClient, submit: Submit, sandbox: Sandbox, result: str, code: str
):
    client.post("/_sandbox/warnings", json={"smile_secure": result})

    images = [{"image_type_id": 0, "file_name": "selfie.jpg"}, {"image_type_id": 1, "file_name": "card.jpg"}]
    zipped = calls.make_zip(
        [image | {"image": ""} for image in images],
        {"selfie.jpg": calls.JPEG, "card.jpg": calls.JPEG},
        {"country": "NG", "id_type": "PASSPORT"},
    )
    status = submit(calls.params(job_type=6), zipped, callback_url="http://127.0.0.1:9/hooks")

    sent = secure(sandbox)
    assert sent.count(code) == 1
    assert sent[0] != code
    assert code not in [entry["ResultCode"] for entry in status["history"]]
    suspects = sandbox.store.jobs["job-1"].deliveries[-1]["entry"]["Antifraud"]["SuspectUsers"]
    assert bool(suspects) == (result == "suspects")


@pytest.mark.parametrize(
    "body", [{"warnings": "deceased"}, {"warnings": ["nonsense"]}, {"warnings": [1]}, {"smile_secure": "maybe"}]
)
def test_nonsense_is_refused_and_changes_nothing(client: FlaskClient, body: dict[str, Any]):
    assert client.post("/_sandbox/warnings", json=body).status_code == 400

    assert client.get("/_sandbox/warnings").json == {"warnings": [], "smile_secure": None}


@pytest.mark.parametrize("wished", ["nonsense", 7, ["deceased"]])
def test_nonsense_in_partner_params_is_refused(client: FlaskClient, wished: Any):
    answer = client.post("/v1/upload", json=calls.upload_body(calls.params(sandbox_warnings=wished)))

    assert (answer.status_code, answer.json["code"]) == (400, "2204")


def test_console_sets_the_switch_and_shows_it(client: FlaskClient):
    form = {"warnings": ["deceased", "suspects"], "smile_secure": "failed"}

    assert client.post("/_sandbox/console/warnings", data=form).status_code == 303

    page = client.get("/_sandbox/switches").text
    assert 'value="deceased" checked' in page
    assert 'value="failed" selected' in page
    assert client.post("/_sandbox/console/warnings", data={"warnings": "nonsense"}).status_code == 422


def test_smile_secure_calls_back_about_a_job_that_is_there(client: FlaskClient, submit: Submit, sandbox: Sandbox):
    submit(calls.params(), callback_url="http://127.0.0.1:9/hooks")

    sent = client.post("/_sandbox/smile-secure", json={"job_id": "job-1", "result": "suspects"})

    assert (sent.status_code, sent.json["ResultCode"]) == (200, "5211")
    assert secure(sandbox)[-1] == "5211"
    assert client.post("/_sandbox/smile-secure", json={"job_id": "nobody", "result": "none"}).status_code == 404
    assert client.post("/_sandbox/smile-secure", json={"job_id": "job-1", "result": "x"}).status_code == 400


@pytest.mark.parametrize("wished", [7, None, ["deceased"], {"a": 1}, "nonsense", ""])
def test_wish_that_nobody_checked_warns_of_nothing(sandbox: Sandbox, submit: Submit, wished: Any):
    submit(calls.params())
    job = sandbox.store.jobs["job-1"]
    job.partner_params["sandbox_warnings"] = wished

    entry = with_warnings({"Actions": {}}, job, "approved", WarningSwitch(), sandbox.store)

    assert entry == {"Actions": {}}
    assert smile_secure_entry(job, WarningSwitch(), sandbox.store) is None
