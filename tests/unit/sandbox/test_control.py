"""The switches and reports under /_sandbox, and the console."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from tests.unit.sandbox import calls


def test_credentials_open_the_api(client: FlaskClient) -> None:
    found = client.get("/_sandbox/credentials.json").json

    assert (found["partner_id"], found["api_key"]) == ("002", calls.API_KEY)
    assert found["legacy_api_key"].startswith("LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K")


def test_another_key_signs_and_the_earlier_one_still_opens_the_api(client: FlaskClient, sandbox: Sandbox) -> None:
    assert client.post("/_sandbox/keys", json={"api_key": ""}).status_code == 400

    assert client.post("/_sandbox/keys", json={"api_key": "another-api-key"}).json == {"keys": 2}

    for api_key in (calls.API_KEY, "another-api-key"):
        headers = {"smileid-partner-id": "2", "smileid-api-key": api_key}
        assert client.post("/v3/token", headers=headers).status_code == 200
        assert sandbox.signer.confirms("2026-10-01", calls.hmac_signature("2026-10-01", api_key))
    assert sandbox.signer.sign("2026-10-01") == calls.hmac_signature("2026-10-01", "another-api-key")
    assert client.get("/_sandbox/credentials.json").json["api_key"] == "another-api-key"


def test_faults_are_added_listed_and_cleared(client: FlaskClient) -> None:
    added = client.post("/_sandbox/faults", json={"path": "/v1/upload", "mode": "delay"})
    listed = client.get("/_sandbox/faults").json["faults"]
    cleared = client.delete("/_sandbox/faults")

    assert added.status_code == 200
    assert (listed[0]["mode"], listed[0]["when"], listed[0]["times"]) == ("delay", "after", None)
    assert cleared.json == client.get("/_sandbox/faults").json == {"faults": []}


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/v1/upload"},
        {"mode": "status"},
        {"path": "/v1/upload", "mode": "explode"},
        {"path": "/v1/upload", "mode": "status", "status": 42},
        {"path": "/v1/upload", "mode": "status", "times": 0},
        {"path": "/v1/upload", "mode": "delay", "delay_seconds": -1},
        {"path": "/v1/upload", "mode": "drop", "when": "never"},
    ],
)
def test_fault_that_makes_no_sense_is_refused(client: FlaskClient, fault: dict[str, Any]) -> None:
    assert client.post("/_sandbox/faults", json=fault).status_code == 400


def test_status_fault_strikes_as_often_as_asked_and_processes_nothing(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/_sandbox/faults", json={"path": "/v1/*", "mode": "status", "status": 503, "times": 2})
    body = calls.upload_body(calls.params())

    statuses = [client.post("/v1/upload", json=body).status_code for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert sandbox.store.jobs["job-1"].prepared == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_garbage_fault_may_strike_after_processing(client: FlaskClient, sandbox: Sandbox, when: str) -> None:
    client.post("/_sandbox/faults", json={"path": "/v1/upload", "mode": "garbage", "when": when})

    answer = client.post("/v1/upload", json=calls.upload_body(calls.params()))

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert ("job-1" in sandbox.store.jobs) is (when == "after")


def test_fault_may_be_for_one_method(client: FlaskClient) -> None:
    client.post("/_sandbox/faults", json={"path": "/v1/services", "mode": "status", "method": "post"})

    assert client.get("/v1/services").status_code == 200


def test_callback_switch_takes_known_modes_only(client: FlaskClient) -> None:
    switched = client.post("/_sandbox/callbacks", json={"mode": "lying", "delay_seconds": 2})
    refused = client.post("/_sandbox/callbacks", json={"mode": "loud"})

    assert switched.json == {"mode": "lying", "delay_seconds": 2}
    assert refused.status_code == 400
    assert client.get("/_sandbox/callbacks").json["mode"] == "lying"


def test_request_log_keeps_no_secrets_and_no_personal_data(client: FlaskClient) -> None:
    body = calls.lookup_body(calls.params(job_type=5), first_name="Amina", callback_url="http://127.0.0.1/secret")

    client.post("/v1/id_verification", json=body)
    log = client.get("/_sandbox/requests.json")

    entry = log.json[0]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/id_verification", 200)
    assert (entry["summary"]["job_id"], entry["summary"]["id_type"]) == ("job-1", "BVN")
    assert "id_number" in entry["summary"]["other_fields"]
    for secret in (body["signature"], body["timestamp"], body["id_number"], "Amina", "secret"):
        assert secret not in log.text


def test_jobs_report_counts_preparations_and_charges(client: FlaskClient) -> None:
    prepared = client.post("/v1/upload", json=calls.upload_body(calls.params())).json
    client.post("/v1/upload", json=calls.upload_body(calls.params(), retry=True))
    client.put(prepared["upload_url"], data=calls.make_zip(), content_type="application/zip")

    report = client.get("/_sandbox/jobs.json").json["job-1"]

    assert (report["prepared"], report["zips"], report["charged"]) == (2, 1, 1)
    assert (report["state"], report["result_code"], report["callbacks"]) == ("processing", None, [])


def test_another_site_may_neither_read_nor_steer(client: FlaskClient) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}

    assert client.get("/_sandbox/credentials.json", headers=elsewhere).status_code == 403
    assert client.delete("/_sandbox/faults", headers=elsewhere).status_code == 403
    assert client.post("/_sandbox/console/faults/clear", headers=elsewhere).status_code == 403
    assert client.get("/_sandbox/jobs.json").headers.get("Access-Control-Allow-Origin") is None


def test_console_shows_jobs_and_requests_and_beside_them_its_other_parts(client: FlaskClient) -> None:
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params(job_type=5)))

    page = client.get("/")
    parts = {name: client.get(f"/_sandbox/{name}").text for name in ("switches", "outcomes", "numbers")}

    assert page.status_code == 200
    for text in ("job-1", "/v1/id_verification", "credentials.json"):
        assert text in page.text
    assert all(f'href="/_sandbox/{name}"' in page.text for name in parts)
    assert all(f'href="/_sandbox/{name}" aria-current="page"' in text for name, text in parts.items())
    assert "smartselfie_registration" in parts["outcomes"]
    assert "1210" in parts["outcomes"]
    assert "Last digit" in parts["numbers"]
    assert calls.API_KEY not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for name in ("js/sandbox.js", "css/sandbox.css"):
        with client.get(f"/static/{name}") as file:
            assert file.status_code == 200


def test_console_fragment_escapes_what_callers_send(client: FlaskClient) -> None:
    job_id = "<script>alert(1)</script>"
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params(job_id, job_type=5)))

    fragment = client.get("/_sandbox/activity").text

    assert job_id not in fragment
    assert "&lt;script&gt;" in fragment


def test_console_forms_set_switches(client: FlaskClient) -> None:
    fault = {"path": "/v1/upload", "mode": "status", "status": "502", "times": "1", "delay_seconds": ""}

    added = client.post("/_sandbox/console/faults", data=fault)
    switched = client.post("/_sandbox/console/callbacks", data={"mode": "never", "delay_seconds": "1.5"})

    assert (added.status_code, switched.status_code) == (303, 303)
    assert client.get("/_sandbox/faults").json["faults"][0]["status"] == 502
    assert client.get("/_sandbox/callbacks").json == {"mode": "never", "delay_seconds": 1.5}
    assert added.location == "/_sandbox/switches"
    assert "/v1/upload" in client.get(added.location).text


@pytest.mark.parametrize("fault", [{"path": "", "mode": "status"}, {"path": "/", "mode": "delay", "times": "soon"}])
def test_console_form_with_a_mistake_shows_it(client: FlaskClient, fault: dict[str, str]) -> None:
    page = client.post("/_sandbox/console/faults", data=fault)

    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_own_pages_are_neither_logged_nor_broken(client: FlaskClient) -> None:
    client.post("/_sandbox/faults", json={"path": "/*", "mode": "status"})

    assert client.get("/").status_code == 200
    assert json.loads(client.get("/_sandbox/requests.json").text) == []


def test_unknown_address_answers_json(client: FlaskClient) -> None:
    answer = client.post("/v1/nothing", json={})

    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


def test_wallet_holds_what_was_set_less_what_jobs_cost_after_that(client: FlaskClient) -> None:
    body = {**calls.signed(), "environment": "test"}
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params(job_type=5)))

    client.post("/_sandbox/wallet", json={"balance": 12.5})
    before = client.post("/api/v2/partner/wallet_balance", json=body).json["wallet_balance"]
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params("job-2", 5)))
    after = client.post("/api/v2/partner/wallet_balance", json=body).json["wallet_balance"]

    assert (before, after) == (12.5, 12.4)
    assert client.post("/_sandbox/wallet", json={"balance": "much"}).status_code == 400
