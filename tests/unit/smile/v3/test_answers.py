"""Answers of Smile's v3 API: errors told apart, tolerant reading, and signatures that do not cover the body."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.smile import BadSignature, InvalidRequest, JobStillRunning, Refused, TransportFailed
from dashboard.smile.v3 import Client, Decision
from dashboard.smile.v3.answers import result_of
from dashboard.smile.v3.refusals import CODES
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile
from tests.unit.smile.v3.examples import JOB_ID, REQUESTS

NOT_FOUND = {"status": "not_found", "job_id": JOB_ID, "user_id": "unknown", "message": "Job not found"}
GATEWAY = {"job_id": None, "user_id": None}


def said(status: int, message: str, code: str, may_retry: bool = False, **more: Any) -> Any:
    return pytest.param(
        Answer({"status": "x", "message": message}, status, **more), code, may_retry, id=f"{status} {message}"
    )


@pytest.mark.parametrize(
    ("answer", "code", "may_retry"),
    [
        said(400, "Required field 'country' is missing or invalid.", "invalid"),
        said(400, "A valid callback_url is required in the request or a default …", "no_callback"),
        said(400, "Invalid ID number format for the specified country and ID type.", "wrong_number"),
        said(402, "Insufficient wallet balance.", "wallet_empty"),
        said(402, "You are out of credits. Add funds to your wallet to run more verifications.", "wallet_empty"),
        said(403, "Product not enabled for this partner.", "product_not_enabled"),
        said(403, "ID type not enabled for this partner.", "id_type_not_enabled"),
        said(403, "Callback url not allowed.", "callback_not_allowed"),
        said(403, "Production access is not enabled.", "production_not_enabled"),
        said(403, "SDK version not allowed.", "sdk_blocked"),
        said(403, "Token is not authorized for this user ID.", "token_for_another_user"),
        said(403, "You are not authorized to do that.", "not_allowed"),
        said(404, "No enrolled user found for this partner.", "not_enrolled"),
        said(404, "No prior KYC record with a usable name and country was found.", "no_prior_record"),
        said(404, "User not found", "unknown"),
        said(409, "User ID is taken. Please provide a unique ID.", "user_id_taken"),
        said(409, "Job is still processing.", "still_running"),
        said(413, "The request payload exceeds the maximum allowed size of 4.5MB.", "too_large"),
        said(415, "Unsupported Media Type.", "wrong_content_type"),
        said(424, "Unable to verify ID — ID authority unavailable.", "authority_down", True),
        said(429, "Rate limit exceeded. Please try again later.", "too_many", True),
        said(429, "This ID number has been blocked due to multiple submissions.", "number_blocked"),
        pytest.param(
            Answer({**GATEWAY, "status": "payload_too_large", "message": "Request payload too large."}, 413),
            "too_large", False, id="gateway 413",
        ),
        pytest.param(
            Answer({**GATEWAY, "status": "integration_failure", "message": "Backend processing failure."}, 500),
            None, True, id="gateway 500",
        ),
        pytest.param(Answer({"message": "Endpoint request timed out"}, 504), "authority_silent", True, id="aws 504"),
        pytest.param(Answer({"error": "System Error", "code": "2401"}, 500), "2401", True, id="open list"),
    ],
)  # fmt: skip
def test_errors_are_told_apart(
    smile: FakeSmile, client: Client, answer: Answer, code: str | None, may_retry: bool
) -> None:
    smile.answers["POST /v3/enhanced_kyc"] = answer

    with pytest.raises(Refused) as caught:
        client.verifications.submit(REQUESTS["enhanced_kyc"])

    error = caught.value
    assert (error.status, error.code, error.may_retry) == (answer.status, code, may_retry)
    assert error.maybe_sent is (answer.status >= 500 or answer.status in (408, 424))
    assert error.reason
    assert len(smile.to("/v3/enhanced_kyc")) == 1


def test_codes_have_names_of_their_own() -> None:
    assert all(code.replace("_", "").isalpha() for code in CODES)


def test_wait_that_is_asked_for_is_told(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/enhanced_kyc"] = Answer({"message": "Rate limit exceeded."}, 429, {"Retry-After": "17"})

    with pytest.raises(Refused) as caught:
        client.verifications.submit(REQUESTS["enhanced_kyc"])

    assert caught.value.retry_after == 17


def test_lookup_that_was_not_answered_names_the_job_to_ask_about(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/enhanced_kyc/sync"] = Answer({"message": "timed out"}, 408, {"SmileID-Job-ID": JOB_ID})

    with pytest.raises(Refused) as caught:
        client.verifications.look_up(REQUESTS["enhanced_kyc"])  # type: ignore[arg-type]

    assert (caught.value.smile_job_id, caught.value.code, caught.value.maybe_sent) == (JOB_ID, "authority_silent", True)
    assert "do not submit it again" in str(caught.value)
    assert len(smile.to("/v3/enhanced_kyc/sync")) == 1


def test_error_repeats_nothing_personal(smile: FakeSmile, client: Client) -> None:
    message = "Amina Fatou Clearwater (amina.clearwater@example.com, 00000000000) is refused."
    smile.answers["POST /v3/enhanced_kyc"] = Answer({"message": message, "user": "Amina"}, 400)

    with pytest.raises(Refused) as caught:
        client.verifications.submit(REQUESTS["enhanced_kyc"])

    shown = f"{caught.value} {caught.value.body} {caught.value.reason}"
    assert not [word for word in ("Clearwater", "amina", "0000") if word in shown]


@pytest.mark.parametrize("answer", [Answer([]), Answer(b"<html>"), Answer({"status": "accepted"}, 202)])
def test_answer_that_is_no_acceptance_may_have_been_one(smile: FakeSmile, client: Client, answer: Answer) -> None:
    smile.answers["POST /v3/registration"] = answer

    with pytest.raises(TransportFailed) as caught:
        client.verifications.submit(REQUESTS["registration"])

    assert caught.value.maybe_sent


@pytest.mark.parametrize(
    ("answer", "status", "decision", "is_final"),
    [
        (Answer({"status": "clear", "job_id": JOB_ID, "user_id": "u"}), "clear", Decision.CLEAR, True),
        (Answer({"status": "BLOCK"}), "block", Decision.BLOCK, True),
        (Answer({"status": "processing"}, 202), "processing", None, False),
        (Answer(NOT_FOUND, 404), "not_found", None, False),
        (Answer({"status": "escalated"}), "escalated", None, True),
        (Answer({"status": 7, "job_id": None}), "", None, False),
    ],
)
def test_status(
    smile: FakeSmile, client: Client, answer: Answer, status: str, decision: Decision | None, is_final: bool
) -> None:
    smile.answers[f"GET /v3/status/{JOB_ID}"] = answer

    found = client.jobs.status(JOB_ID)

    assert (found.status, found.decision, found.is_final, found.job_id) == (status, decision, is_final, JOB_ID)


@pytest.mark.parametrize("body", [{"message": "Missing Authentication Token"}, [], b"<html>nothing here</html>"])
def test_another_404_is_no_status(smile: FakeSmile, client: Client, body: Any) -> None:
    smile.answers[f"GET /v3/status/{JOB_ID}"] = Answer(body, 404)

    with pytest.raises(Refused):
        client.jobs.status(JOB_ID)


def test_waiting_ends_with_the_decision_or_with_the_tries(smile: FakeSmile, client: Client) -> None:
    path = f"GET /v3/status/{JOB_ID}"
    smile.answers[path] = [Answer(NOT_FOUND, 404), Answer({"status": "processing"}, 202), Answer({"status": "clear"})]

    assert client.jobs.wait(JOB_ID, poll_wait=0).decision is Decision.CLEAR
    smile.answers[path] = Answer({"status": "processing"}, 202)
    with pytest.raises(JobStillRunning):
        client.jobs.wait(JOB_ID, poll_wait=0, poll_tries=2)


@pytest.mark.parametrize(
    ("api_key", "partner_id", "timestamp", "signature"),
    [
        ("sandbox-api-key-0001", "2", "2026-10-01T09:30:00.000Z", "1KlwQizud1qD2Df10JGMYH1iHpuZ4TKIjhtKkAmqZPQ="),
        ("sandbox-api-key-0001", "2", "2026-10-01T09:30:00.000Z", "YxbJjt6y7gvBTGyIVAv8VbcXSrLEzFAa3ViWwfCycY4="),
        ("sandbox-api-key-0001", "002", "2026-10-01T09:30:00.000Z", "1KlwQizud1qD2Df10JGMYH1iHpuZ4TKIjhtKkAmqZPQ="),
        (
            "0123456789abcdef" * 2, "2314", "2026-10-01T09:30:00.123Z",
            "L3Lni7OfabZKGI35FFkU4IUUvKYyAKQx6KBinl+hD8U=",
        ),
    ],
)  # fmt: skip
def test_published_signatures_are_confirmed(api_key: str, partner_id: str, timestamp: str, signature: str) -> None:
    client = Client(partner_id, api_key, 0)
    headers = {"Response-Signature": signature, "response-timestamp": timestamp, "Job-ID": JOB_ID, "User-ID": "u-1"}

    webhook = client.confirm_webhook(headers, b'{"status": "clear", "product": "one_time_aml"}')

    assert (webhook.result.decision, webhook.result.job_id, webhook.result.user_id) == (Decision.CLEAR, JOB_ID, "u-1")
    assert webhook.sent_at is not None
    assert webhook.sent_at.isoformat().startswith("2026-10-01T09:30:00")
    # Anything can stand in the body of a signed webhook.
    assert client.confirm_webhook(headers, b'{"status": "block"}').result.decision is Decision.BLOCK


SIGNED = {
    "Response-Signature": "1KlwQizud1qD2Df10JGMYH1iHpuZ4TKIjhtKkAmqZPQ=",
    "Response-Timestamp": "2026-10-01T09:30:00.000Z",
}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**SIGNED, "Response-Signature": ""},
        {**SIGNED, "Response-Signature": "x" + SIGNED["Response-Signature"][1:]},
        {**SIGNED, "Response-Timestamp": "2026-10-01T09:30:00.001Z"},
        {**SIGNED, "Response-Timestamp": "2026-10-01T09:30:00Z"},
        {"Response-Signature": SIGNED["Response-Signature"]},
    ],
)
def test_webhook_without_the_partners_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        Client("2", "sandbox-api-key-0001", 0).confirm_webhook(headers, b"{}")


def test_signature_of_another_key_of_the_partner_is_accepted() -> None:
    client = Client("2", "new-key", 0, verify_keys=["sandbox-api-key-0001"])

    assert client.confirm_webhook(SIGNED, "{}").result.status == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"{}" + b" " * 2_100_000])
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        Client("2", "sandbox-api-key-0001", 0).confirm_webhook(SIGNED, body)


def test_answer_at_once_needs_the_partners_signature(smile: FakeSmile, client: Client) -> None:
    result = {"status": "clear", "reason": None, "id_fields": {"country": "NG"}}
    ids = {"SmileID-Job-ID": JOB_ID, "User-ID": "u-1"}
    smile.answers["POST /v3/enhanced_kyc/sync"] = [Answer(result, headers=SIGNED | ids), Answer(result, headers=ids)]
    assert API_KEY == "sandbox-api-key-0001"

    found = client.verifications.look_up(REQUESTS["enhanced_kyc"])  # type: ignore[arg-type]

    assert (found.decision, found.reason, found.job_id, found.id_fields) == ("clear", "", JOB_ID, {"country": "NG"})
    with pytest.raises(BadSignature):
        client.verifications.look_up(REQUESTS["enhanced_kyc"])  # type: ignore[arg-type]


def test_screening_sends_its_key(smile: FakeSmile, client: Client) -> None:
    people = [{"name": "Joe"}, 7]
    smile.answers["POST /v3/aml/sync"] = Answer({"status": "block", "people": people}, headers=SIGNED)

    found = client.verifications.screen(REQUESTS["aml"], "screening-2026-10-01")  # type: ignore[arg-type]

    assert found.people == [{"name": "Joe"}]
    assert smile.to("/v3/aml/sync")[0].headers["smileid-idempotency-key"] == "screening-2026-10-01"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["status", "reason", "message", "product", "job_id", "user_id", "created_at", "completed_at", "partner_params",
     "id_fields", "image_links", "people", "antifraud"]
)  # fmt: skip


@given(payload=st.dictionaries(NAMES, JSON, max_size=8))
@settings(max_examples=50)
def test_no_answer_is_too_odd_to_be_read(payload: dict[str, Any]) -> None:
    found = result_of(payload, {})

    assert found.payload is payload
    assert found.is_fraud_detected in (True, False)
    json.dumps([found.status, found.reason, found.job_id])


def test_fraud_beside_a_clear_result_is_seen() -> None:
    found = result_of({"status": "clear", "antifraud": {"summary": {"fraud_detected": True}}}, {})

    assert (found.decision, found.is_fraud_detected) == (Decision.CLEAR, True)


def test_lists_are_read(smile: FakeSmile, client: Client) -> None:
    types = [
        {"country": "NG", "type": "BVN", "label": "BVN", "regex": "^[0-9]{11}$", "required_fields": ["id_number", 7]}
    ]
    documents = [
        {
            "country": {"code": "NG", "name": "Nigeria", "continent": "AFRICA"},
            "id_types": [{"code": "", "name": "Others"}],
        }
    ]
    smile.answers["GET /v3/services/supported_id_types"] = Answer({"id_types": types})
    smile.answers["GET /v3/services/supported_documents"] = Answer({"valid_documents": documents})
    smile.answers["GET /v3/services/id_status"] = Answer({"last_known_status": "online", "last_hour_success_rate": 95})
    smile.answers[f"GET /v3/aml/monitoring/{JOB_ID}/news/ref-1"] = Answer(
        {"news": [{"title": "t"}], "meta": {"current_page": 2, "total_count": 30}}
    )

    (id_type,) = client.services.supported_id_types("NG")
    (document,) = client.services.supported_documents(country_code="NG", locale="en-GB")
    status = client.services.id_status("NG", "BVN")
    news = client.verifications.news(JOB_ID, "ref-1", "narcotics", page=2)

    assert (id_type.type, id_type.required_fields) == ("BVN", ("id_number",))
    assert (document.country, document.code, document.has_back) == ("NG", "", False)
    assert (status.last_known_status, status.last_hour_success_rate) == ("online", "")
    assert (news.page, news.total, news.articles) == (2, 30, [{"title": "t"}])
    assert smile.to(f"/v3/aml/monitoring/{JOB_ID}/news/ref-1")[0].query == {
        "news_category": ["narcotics"], "page": ["2"], "limit": ["25"],
    }  # fmt: skip


def test_reports_of_fraud_and_replays(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/users/user%2F1/report_fraud"] = Answer({"status": "accepted", "user_id": "user/1"}, 202)
    smile.answers[f"POST /v3/replay/{JOB_ID}"] = Answer({"status": "accepted", "job_id": JOB_ID}, 202)

    assert (
        client.jobs.flag_fraud("user/1", reported_by="ben@partner.example", reason="MULE_ACCOUNT").user_id == "user/1"
    )
    assert client.jobs.clear_fraud("user/1", reported_by="ben@partner.example", notes="A mistake.").job_id == ""
    assert client.jobs.replay(JOB_ID).job_id == JOB_ID
    assert smile.to(f"/v3/replay/{JOB_ID}")[0].size == 0
