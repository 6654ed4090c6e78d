"""Jobs of v3: decided by the named persons, reported by signed webhooks, asked about, replayed, flagged."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from dashboard.sandbox.delivery.callbacks import Callbacks, CallbackSwitch
from dashboard.sandbox.state import Sandbox, of
from dashboard.sandbox.v3 import processing
from dashboard.sandbox.world.store import User
from dashboard.smile import Refused
from dashboard.smile.v3 import Client, Decision, NewLink, Submission, UserDetails
from dashboard.smile.v3.constants import JOB_ID
from dashboard.smile.v3.sandbox_people import SandboxPerson, sandbox_people
from tests.factories.in_process import InProcess
from tests.unit.sandbox import calls
from tests.unit.sandbox.v3.bodies import post, token_headers
from tests.unit.sandbox.v3.conftest import CALLBACK, Sent, client_of, run_all
from tests.unit.smile.v3.examples import JOB_ID as UNKNOWN_ID
from tests.unit.smile.v3.examples import REQUESTS

Settle = Callable[[], None]
#: Group of the table of persons -> an operation of it.
OPERATIONS = {
    "enhanced_kyc": "enhanced_kyc",
    "biometric_kyc": "biometric_kyc",
    "smart_selfie": "registration",
    "document": "document_verification",
    "enhanced_document": "enhanced_document_verification",
    "smart_selfie_authentication": "authentication",
}


def named(request: Submission, person: SandboxPerson) -> Submission:
    email = person.email or "somebody@example.com"
    details = UserDetails(given_names=person.given_names or "Any Body", last_name=person.last_name, email=email)
    return replace(request, user_details=details)


@pytest.mark.parametrize("person", sandbox_people(), ids=lambda person: person.last_name)
def test_named_person_gets_the_documented_decision(
    sandbox: Sandbox, smile: Client, webhooks: list[Sent], settle: Settle, person: SandboxPerson
) -> None:
    sandbox.store.save_user(User("user-1", enrolled=True))
    for group in person.products or ("enhanced_kyc", "biometric_kyc", "document"):
        accepted = smile.verifications.submit(named(REQUESTS[OPERATIONS[group]], person))
        settle()

        status = smile.jobs.status(accepted.job_id)
        body = webhooks[-1].body
        assert (status.decision, body["status"]) == (person.decision, person.decision)
        assert body["reason"] == (person.reason or None)
        assert status.message == "Job completed"
        assert "reason" not in status.payload


def test_person_passes_what_the_table_does_not_name(smile: Client, settle: Settle) -> None:
    forgeman = next(person for person in sandbox_people() if person.last_name == "Forgeman")

    accepted = smile.verifications.submit(named(REQUESTS["enhanced_kyc"], forgeman))
    settle()

    assert smile.jobs.status(accepted.job_id).decision is Decision.CLEAR


@pytest.mark.parametrize(("setting", "decision"), [("block", "block"), ("error", "error")])
def test_unknown_person_is_a_setting(build: Callable[..., Flask], setting: str, decision: str) -> None:
    app = build(v3_unknown_person=setting)
    smile = client_of(InProcess(app))
    details = UserDetails(given_names="Joe", last_name="Nobody", email="joe@example.com")

    accepted = smile.verifications.submit(replace(REQUESTS["enhanced_kyc"], user_details=details))
    of(app).scheduler.run_due(time.time() + 9)

    assert smile.jobs.status(accepted.job_id).decision == decision


def test_lockhart_by_name_and_address_is_a_setting(build: Callable[..., Flask]) -> None:
    app = build(v3_lockhart_by_last_name=False, v3_unknown_person="error")
    of(app).store.save_user(User("user-1", enrolled=True))
    smile = client_of(InProcess(app))

    accepted = smile.verifications.submit(named(REQUESTS["authentication"], sandbox_people()[-1]))
    of(app).scheduler.run_due(time.time() + 9)

    assert smile.jobs.status(accepted.job_id).decision is Decision.ERROR


@pytest.mark.parametrize(("number", "decision"), [(840, "clear"), (841, "block"), (1220, "clear"), (9999, "clear")])
def test_wished_result_code(smile: Client, settle: Settle, number: int, decision: str) -> None:
    accepted = smile.verifications.submit(replace(REQUESTS["registration"], sandbox_result=number))
    settle()

    assert smile.jobs.status(accepted.job_id).decision == decision


def test_status_is_unknown_then_running_then_decided(build: Callable[..., Flask]) -> None:
    app = build(v3_status_unknown_seconds=60.0)
    smile, sandbox = client_of(InProcess(app)), of(app)

    job_id = smile.verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    seen = [smile.jobs.status(job_id).status]
    sandbox.store.jobs[job_id].created_at -= 61
    seen.append(smile.jobs.status(job_id).status)
    sandbox.scheduler.run_due(time.time() + 9)
    seen.append(smile.jobs.status(job_id).status)

    assert seen == ["not_found", "processing", "clear"]
    assert JOB_ID.fullmatch(job_id)


def test_status_has_its_headers(client: FlaskClient, sandbox: Sandbox, settle: Settle) -> None:
    job_id = post(client, "enhanced_kyc", {"user_id": "Émile\n1"}).json["job_id"]
    settle()

    answer = client.get(f"/v3/status/{job_id}", headers=token_headers(client))

    assert set(answer.json) == {"status", "job_id", "user_id", "message", "created_at"}
    assert (answer.headers["job_id"], answer.headers["user_id"]) == (job_id, "?mile?1")
    assert answer.headers["api_version"]


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "status/job_1", 400, "\"jobId\" must be a valid TypeID with prefix 'job_'"),
        ("POST", "replay/job_1", 400, "\"job_id\" must be a valid TypeID with prefix 'job_'"),
        ("POST", f"replay/{UNKNOWN_ID}", 404, "Job not found"),
        ("GET", "smile_links/1", 400, "refId must be a valid link id"),
        ("GET", "smile_links/0191b0a2-5c5e-7cc0-9a1f-7e3b1c9d2e11", 404, "Link not found"),
        ("GET", "aml/monitoring/job_1/news/ref", 400, "news_category is required"),
        ("GET", "aml/monitoring/job_1/news/ref?news_category=narcotics", 404, "No AML job found for this partner"),
        ("GET", "services/id_status", 400, '"country" is required'),
        ("GET", "services/id_status?country=NG", 400, '"id_type" is required'),
        ("GET", "services/id_status?country=Atlantis&id_type=BVN", 400, "Invalid country"),
        ("GET", "services/id_status?country=Nigeria&id_type=X", 400, "Invalid id_type for the given country"),
        (
            "GET", "services/id_status?country=AL&id_type=PASSPORT", 400,
            "No data found. Check that AL and PASSPORT are valid inputs",
        ),
    ],
)  # fmt: skip
def test_questions_that_are_refused(client: FlaskClient, method: str, path: str, status: int, text: str) -> None:
    answer = client.open(f"/v3/{path}", method=method, headers=token_headers(client))

    assert (answer.status_code, answer.json["message"]) == (status, text)


def test_webhook_is_signed_in_its_headers(
    client: FlaskClient, smile: Client, webhooks: list[Sent], settle: Settle
) -> None:
    request = replace(REQUESTS["biometric_kyc"], user_id="user-7", partner_params={"order_id": "A-17", "job_id": "x"})
    accepted = smile.verifications.submit(request)
    settle()

    (sent,) = webhooks
    read = smile.confirm_webhook(sent.headers, json.dumps(sent.body))
    assert (sent.url, read.result.job_id, read.result.user_id) == (CALLBACK, accepted.job_id, "user-7")
    assert (read.result.partner_params, read.result.product) == ({"order_id": "A-17"}, "biometric_kyc")
    assert sent.headers["Api-Version"]
    assert not {"signature", "timestamp"} & set(sent.body)
    # The images can be fetched, as those of v1.
    path = read.result.image_links["selfie_image"].partition("/images/")[2]
    assert client.get(f"/images/{path}").status_code == 200


@pytest.mark.parametrize("padded", [True, False])
def test_partner_id_in_signatures_is_a_setting(build: Callable[..., Flask], webhooks: list[Sent], padded: bool) -> None:
    app = build(v3_signs_padded_partner_id=padded)
    client_of(InProcess(app)).verifications.submit(REQUESTS["enhanced_kyc"])
    run_all(of(app))

    headers = webhooks[0].headers
    signer = of(app).signer
    assert headers["Response-Signature"] == signer.sign(headers["Response-Timestamp"], "002" if padded else "2")
    assert client_of(InProcess(app)).confirm_webhook(headers, b"{}")


@pytest.mark.parametrize(
    ("mode", "count"), [("normal", 1), ("never", 0), ("duplicate", 2), ("bad_signature", 1), ("stale", 1), ("lying", 1)]
)
def test_webhooks_go_wrong_as_callbacks_do(
    sandbox: Sandbox, smile: Client, webhooks: list[Sent], settle: Settle, mode: str, count: int
) -> None:
    sandbox.callbacks.switch = CallbackSwitch(mode)
    accepted = smile.verifications.submit(REQUESTS["enhanced_kyc"])
    settle()

    assert len(webhooks) == count
    assert smile.jobs.status(accepted.job_id).decision is Decision.CLEAR
    if mode == "bad_signature":
        with pytest.raises(Exception, match="no signature"):
            smile.confirm_webhook(webhooks[0].headers, b"{}")
    elif count:
        read = smile.confirm_webhook(webhooks[0].headers, json.dumps(webhooks[0].body))
        assert read.result.decision is (Decision.BLOCK if mode == "lying" else Decision.CLEAR)
        assert read.sent_at is not None
        assert (time.time() - read.sent_at.timestamp() > 3000) is (mode == "stale")


def test_interim_webhook_and_ids_are_settings(build: Callable[..., Flask], webhooks: list[Sent]) -> None:
    app = build(v3_interim_webhook=True, v3_ids_in_bodies=False)
    accepted = client_of(InProcess(app)).verifications.submit(REQUESTS["enhanced_kyc"])
    run_all(of(app))

    assert [sent.body["status"] for sent in webhooks] == ["processing", "clear"]
    assert "job_id" not in webhooks[1].body
    assert webhooks[1].headers["Job-ID"] == accepted.job_id


def test_replay_sends_it_again_elsewhere(sandbox: Sandbox, smile: Client, webhooks: list[Sent], settle: Settle) -> None:
    job_id = smile.verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    with pytest.raises(Refused) as running:
        smile.jobs.replay(job_id)
    settle()

    queued = smile.jobs.replay(job_id, callback_url="https://partner.example/again")
    smile.jobs.replay(job_id)
    settle()

    assert (running.value.status, running.value.code) == (409, "still_running")
    assert queued.message == "Callback replay queued successfully."
    assert [sent.url for sent in webhooks] == [CALLBACK, "https://partner.example/again", CALLBACK]
    assert webhooks[1].body == webhooks[0].body
    assert sandbox.store.jobs[job_id].charged == 1


def test_flagged_user_is_blocked_until_cleared(smile: Client, webhooks: list[Sent], settle: Settle) -> None:
    enrol = replace(REQUESTS["registration"], user_id="user-1")
    smile.verifications.submit(enrol)
    settle()

    for reason in ("account_locked_fraud", None):
        if reason:
            smile.jobs.flag_fraud("user-1", reported_by="ben@partner.example", reason="ACCOUNT_TAKEOVER")
        else:
            smile.jobs.clear_fraud("user-1", reported_by="ben@partner.example", notes="A mistake.")
        smile.verifications.submit(REQUESTS["authentication"])
        settle()
        assert webhooks[-1].body["reason"] == reason


def test_enrolled_image_spares_the_selfie(smile: Client, settle: Settle) -> None:
    smile.verifications.submit(replace(REQUESTS["registration"], user_id="user-1"))
    settle()
    again = replace(REQUESTS["registration"], user_id="user-1", allow_new_enroll=True)
    without = replace(REQUESTS["authentication"], use_enrolled_image=True, selfie_image=None, liveness_images=None)

    assert smile.verifications.submit(without).job_id
    assert smile.verifications.submit(again).job_id


@pytest.mark.parametrize(
    ("name", "decision", "people_found"),
    [("Ada Okafor", "clear", 0), ("Joe Afolabi", "block", 1), ("Bola Oni", "attention", 1), ("Ali Omar", "block", 0)],
)
def test_screening(
    smile: Client, webhooks: list[Sent], settle: Settle, name: str, decision: str, people_found: int
) -> None:
    smile.verifications.submit(replace(REQUESTS["aml"], full_name=name))
    settle()
    at_once = smile.verifications.screen(replace(REQUESTS["aml"], full_name=name), "screening-number-1")  # type: ignore[arg-type]

    body = webhooks[0].body
    assert (body["status"], body["no_of_persons_found"], at_once.decision) == (decision, people_found, decision)
    assert len(at_once.people) == people_found
    assert not {"job_id", "user_id"} & set(body)
    assert at_once.job_id


def test_same_key_gets_the_same_screening(sandbox: Sandbox, smile: Client) -> None:
    results = [smile.verifications.screen(REQUESTS["aml"], key) for key in ("k" * 16, "k" * 16, "x" * 16)]  # type: ignore[arg-type]

    assert results[0].job_id == results[1].job_id != results[2].job_id
    assert sum(job.charged for job in sandbox.store.jobs.values()) == 2


@pytest.mark.parametrize("is_whole", [True, False])
def test_monitoring_reports_later_hits_to_the_default_address(
    build: Callable[..., Flask], webhooks: list[Sent], is_whole: bool
) -> None:
    default = "https://partner.example/default"
    app = build(default_callback_url=default, v3_update_is_whole=is_whole)
    smile, sandbox = client_of(InProcess(app)), of(app)
    job_id = smile.verifications.submit(replace(REQUESTS["aml/monitoring"], full_name="Joe Afolabi")).job_id
    run_all(sandbox)

    with app.test_client() as console:
        update = console.post("/_sandbox/monitoring", json={"job_id": job_id}).json
        assert console.post("/_sandbox/monitoring", json={"job_id": "job_1"}).status_code == 404
    run_all(sandbox)
    reference = webhooks[0].body["people"][0]["ref"]
    news = smile.verifications.news(job_id, reference, "financial_crime", page=2, limit=20)

    assert [sent.url for sent in webhooks] == [CALLBACK, default]
    assert webhooks[1].body == update
    assert update["product"] == "aml_monitoring_update"
    assert ("consent" in update) is is_whole
    assert (news.total, len(news.articles)) == (30, 10)
    with pytest.raises(Refused, match="REF not found"):
        smile.verifications.news(job_id, "other", "financial_crime")


def test_name_of_an_enrolled_user_is_enough_for_monitoring(sandbox: Sandbox, smile: Client, settle: Settle) -> None:
    smile.verifications.submit(replace(REQUESTS["biometric_kyc"], user_id="user-1"))
    settle()

    job = smile.verifications.submit(
        replace(REQUESTS["aml/monitoring"], full_name=None, search_existing_user=True, user_id="user-1")
    )

    assert sandbox.store.jobs[job.job_id].id_info["full_name"] == "Amina Fatou Clearwater"


@pytest.mark.parametrize(
    ("address", "decision", "reason"),
    [
        ("1 Broad Street", "clear", None),
        ("address_out_of_range", "block", "address_out_of_range"),
        ("information_outdated", "attention", "information_outdated"),
        ("service_unavailable", "error", "service_unavailable"),
    ],
)
def test_address(
    smile: Client, webhooks: list[Sent], settle: Settle, address: str, decision: str, reason: str | None
) -> None:
    smile.verifications.submit(replace(REQUESTS["address"], address=address))
    settle()

    assert (webhooks[0].body["status"], webhooks[0].body["reason"]) == (decision, reason)


def test_residency_has_the_visa(smile: Client, webhooks: list[Sent], settle: Settle) -> None:
    smile.verifications.submit(REQUESTS["residency_document_verification"])
    settle()

    (visa,) = webhooks[0].body["additional_documents"]
    assert (visa["no_of_entries"], visa["expiry"]["expiry_period_in_months"]) == ("multiple", 24)


def test_answer_at_once_sends_no_webhook(sandbox: Sandbox, smile: Client, webhooks: list[Sent], settle: Settle) -> None:
    result = smile.verifications.look_up(REQUESTS["enhanced_kyc"])  # type: ignore[arg-type]
    settle()

    assert (result.decision, result.id_fields["last_name"]) == (Decision.CLEAR, "CLEARWATER")
    assert webhooks == []
    assert smile.jobs.status(result.job_id).decision is Decision.CLEAR


def test_links(sandbox: Sandbox, smile: Client, client: FlaskClient) -> None:
    types = [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}]
    link = NewLink(
        name="KYC", id_types=types, notice_privacy_policy_url="https://a.example", is_single_use=True, user_id="u-1"
    )

    created = smile.links.create(link)
    found = smile.links.get(created.ref_id)
    with pytest.raises(Refused) as taken:
        smile.links.create(link)

    assert created.payload["message"] == "Smile Link created"
    assert (found.link, found.payload["id_types"]) == (created.link, types)
    assert found.payload["expires_at"]
    assert not [name for name in found.payload if "jobs" in name or name == "version"]
    assert (taken.value.status, taken.value.code) == (409, "user_id_taken")
    # The links of v1 are others.
    assert client.get("/v1/smile_links", query_string=calls.signed()).json == {"links": []}


def test_lists(client: FlaskClient, smile: Client, sandbox: Sandbox) -> None:
    documents = client.get("/v3/services/supported_documents?continent=SOUTH AMERICA").json["valid_documents"]

    assert {row["country"]["continent"] for row in documents} == {"SOUTH AMERICA"}
    assert all(row["id_types"][-1]["code"] == "" for row in documents)
    assert client.get("/v3/valid-documents").json == client.get("/v1/valid_documents").json
    assert [bank.country for bank in smile.services.bank_codes("KE")] == []
    assert {row.country for row in smile.services.supported_id_types("GH")} == {"GH"}
    assert smile.services.id_status("NG", "BVN").last_known_status == "online"
    for path in ("bank_codes?country=Nigeria", "supported_documents?continent=MARS", "supported_documents?locale=en"):
        answer = client.get(f"/v3/services/{path}")
        assert (answer.status_code, answer.json["code"]) == (400, "2413")
    client.post("/_sandbox/v3", json={"refusal": "ip"})
    assert client.get("/v3/services/bank_codes").json == {
        "error": "You are not authorized to do that.", "code": "2413",
    }  # fmt: skip
    client.post("/_sandbox/v3", json={"refusal": "system_error"})
    assert client.get("/v3/services/bank_codes").json == {"error": "System Error", "code": "2401"}


def test_config_says_what_the_token_holds(smile: Client, client: FlaskClient) -> None:
    payload = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}
    headers = token_headers(client, payload=payload, user_id="u-1")

    config = client.get("/v3/services/config", headers=headers).json

    assert config["token_provided_fields"] == ["country", "id_number", "id_type", "user_id"]
    assert config["token_provided_values"] == {"country": "NG", "id_type": "BVN"}
    assert "BVN" in config["idSelection"]["biometric_kyc"]["NG"]
    assert {field["key_name"] for field in config["products"]["enhanced_kyc"]["NG"][0]["fields"]} >= {
        "id_number",
        "email",
    }
    assert smile.services.config()["token_provided_fields"] == []


def test_switch_is_set_and_shown(client: FlaskClient) -> None:
    assert client.post("/_sandbox/v3", json={"refusal": "wallet", "authority": "down"}).json == {
        "refusal": "wallet", "authority": "down",
    }  # fmt: skip
    assert client.get("/_sandbox/v3").json["refusal"] == "wallet"
    assert client.post("/_sandbox/v3", json={"refusal": "x"}).status_code == 400
    assert client.post("/_sandbox/v3", json={"authority": "x"}).status_code == 400
    assert client.post("/_sandbox/v3", json={}).json == {"refusal": "", "authority": "up"}


def test_restarted_simulator_goes_on(build: Callable[..., Flask], webhooks: list[Sent], tmp_path: Any) -> None:
    store = tmp_path / "sandbox.db"
    first = build(store_path=store)
    job_id = client_of(InProcess(first)).verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    of(first).stop()

    second = build(store_path=store)
    processing.resume(of(second))
    run_all(of(second))

    assert client_of(InProcess(second)).jobs.status(job_id).decision is Decision.CLEAR
    assert [sent.headers["Job-ID"] for sent in webhooks] == [job_id]


def test_jobs_of_v3_stand_beside_those_of_v1(client: FlaskClient, smile: Client, settle: Settle) -> None:
    job_id = smile.verifications.submit(replace(REQUESTS["enhanced_kyc"], user_id="user-1")).job_id
    settle()

    job = client.get("/_sandbox/jobs.json").json[job_id]
    unknown = client.post("/v1/job_status", json=calls.status_body(job_id, "user-1"))

    assert (job["version"], job["result_code"], job["charged"]) == ("v3", "clear", 1)
    assert unknown.json["code"] == "2304"


def test_console_shows_and_sets_what_goes_wrong_in_v3(client: FlaskClient, sandbox: Sandbox) -> None:
    set_ = client.post("/_sandbox/console/v3", data={"refusal": "wallet", "authority": "down"})
    page, people_page = client.get("/_sandbox/switches").text, client.get("/_sandbox/people").text
    wrong = client.post("/_sandbox/console/v3", data={"refusal": "x"})

    assert set_.status_code == 303
    assert (sandbox.v3.refusal, sandbox.v3.authority) == ("wallet", "down")
    assert '<option value="wallet" selected>' in page
    assert "Dangerfield" in people_page
    assert wrong.status_code == 422


def test_log_of_requests_shows_nothing_personal(client: FlaskClient) -> None:
    post(client, "biometric_kyc")

    entry = client.get("/_sandbox/requests.json").json[-1]

    assert (entry["summary"]["country"], entry["summary"]["id_type"]) == ("NG", "BVN")
    assert "consent" in entry["summary"]["other_fields"]
    assert not [word for word in ("00000000000", "Clearwater", "partner.example") if word in json.dumps(entry)]


def test_webhook_that_is_not_taken_is_sent_four_times_each_time_signed_anew(
    sandbox: Sandbox, smile: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures: list[str] = []

    def refuse(_self: Callbacks, _url: str, headers: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        signatures.append(headers["Response-Signature"])
        return {"at": time.time(), "status": 500, "error": None, "seconds": 0.0}

    monkeypatch.setattr(Callbacks, "_post", refuse)
    job_id = smile.verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    sandbox.scheduler.run_due(time.time() + 9)
    with time_machine.travel(0, tick=False) as clock:
        for minutes in range(20):
            clock.move_to(time.time() + 60 if minutes else 4e9)
            sandbox.deliveries.run_due(time.time())

    assert len(signatures) == len(set(signatures)) == 4
    assert sandbox.store.jobs[job_id].deliveries[0]["due"] is None


def test_comparison_enrols_under_the_partners_id_only(sandbox: Sandbox, smile: Client, settle: Settle) -> None:
    smile.verifications.submit(REQUESTS["compare"])
    smile.verifications.submit(replace(REQUESTS["compare"], user_id="user_of_ours"))
    settle()

    assert set(sandbox.store.users) == {"user_of_ours"}
