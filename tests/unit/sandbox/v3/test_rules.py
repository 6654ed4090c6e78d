"""Every rule and every text of v3's errors, as Smile's specification has them."""

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import Sandbox, of
from dashboard.sandbox.world.store import User
from dashboard.sandbox.world.v3_switch import AT_ONCE, AUTHORITIES, REFUSALS, V3Switch
from tests.factories.multipart import multipart_bodies
from tests.unit.sandbox import calls
from tests.unit.sandbox.v3.bodies import (
    BODIES,
    CONSENT,
    DETAILS,
    JPEG,
    PNG,
    get_token,
    key_headers,
    post,
    post_token,
    token_headers,
)

SUBMISSIONS = [path for path in BODIES if path not in ("users/enrolled/report_fraud", "smile_links")]
FUTURE = (datetime.now(UTC) + timedelta(days=400)).isoformat()
NO_CALLBACK = (
    "A valid callback_url is required in the request or a default callback URL must be configured in the portal."
)


@pytest.fixture(autouse=True)
def enrolled(sandbox: Sandbox) -> None:
    sandbox.store.save_user(User("enrolled", enrolled=True))


def needs(field: str) -> str:
    return f"Required field '{field}' is missing or invalid."


CASES: list[tuple[str, dict[str, Any], int, str]] = [
    # --- fields that are needed ---------------------------------------------------------------------------
    *[("enhanced_kyc", {name: None}, 400, needs(name)) for name in ("country", "id_type", "id_number", "user_details")],
    *[("biometric_kyc", {name: None}, 400, needs(name)) for name in ("selfie_image", "liveness_images")],
    ("document_verification", {"document": None}, 400, needs("document")),
    ("document_verification", {"country": None}, 400, needs("country")),
    ("enhanced_document_verification", {"id_type": None}, 400, needs("id_type")),
    ("residency_document_verification", {"visa": None}, 400, needs("visa")),
    ("compare", {"comparison_image": None}, 400, needs("comparison_image")),
    ("authentication", {"user_id": None}, 400, needs("user_id")),
    ("authentication", {"selfie_image": None}, 400, needs("selfie_image")),
    ("aml", {"countries": None}, 400, needs("countries")),
    ("aml", {"countries": ["Nigeria"]}, 400, needs("countries")),
    ("aml", {"full_name": None}, 400, needs("full_name")),
    ("aml/monitoring", {"full_name": None}, 400, needs("full_name")),
    ("address", {"address": None}, 400, needs("address")),
    ("address", {"address": "x" * 513}, 400, needs("address")),
    ("smile_links", {"name": None}, 400, needs("name")),
    ("smile_links", {"id_types": []}, 400, needs("id_types")),
    ("smile_links", {"is_single_use": None}, 400, needs("is_single_use")),
    ("users/enrolled/report_fraud", {"reason": None}, 400, needs("reason")),
    ("users/enrolled/report_fraud", {"is_fraud": None}, 400, needs("is_fraud")),
    # --- consent and user_details -------------------------------------------------------------------------
    ("enhanced_kyc", {"consent": None, "consent[granted]": "true"}, 400, "consent is required"),
    ("enhanced_kyc", {"consent": "{"}, 400, needs("consent")),
    ("enhanced_kyc", {"consent": CONSENT | {"granted": False}}, 400, needs("consent.granted")),
    ("enhanced_kyc", {"consent": CONSENT | {"granted": "true"}}, 400, needs("consent.granted")),
    ("enhanced_kyc", {"consent": CONSENT | {"granted_at": "soon"}}, 400, needs("consent.granted_at")),
    (
        "enhanced_kyc", {"consent": CONSENT | {"granted_at": FUTURE}}, 400,
        "Required field 'consent.granted_at' cannot be set in the future.",
    ),
    ("enhanced_kyc", {"consent": CONSENT | {"notice_language": "en"}}, 400, needs("consent.notice_language")),
    (
        "enhanced_kyc", {"consent": CONSENT | {"notice_privacy_policy_url": "http://a.example"}}, 400,
        needs("consent.notice_privacy_policy_url"),
    ),
    ("enhanced_kyc", {"user_details": DETAILS | {"given_names": ""}}, 400, needs("user_details.given_names")),
    ("enhanced_kyc", {"user_details": DETAILS | {"last_name": 7}}, 400, needs("user_details.last_name")),
    ("enhanced_kyc", {"user_details": DETAILS | {"email": None}}, 400, "Either email or phone_number is required."),
    (
        "aml", {"user_details": DETAILS | {"email": None}}, 400,
        "Either user_details.email or user_details.phone_number is required.",
    ),
    ("enhanced_kyc", {"user_details": DETAILS | {"email": "amina"}}, 400, "Field 'email' is invalid."),
    ("enhanced_kyc", {"user_details": DETAILS | {"phone_number": "0803"}}, 400, "Field 'phone_number' is invalid."),
    # --- addresses, params, metadata ----------------------------------------------------------------------
    ("enhanced_kyc", {"callback_url": None}, 400, NO_CALLBACK),
    ("enhanced_kyc", {"callback_url": "http://partner.example"}, 400, needs("callback_url")),
    ("enhanced_kyc", {"callback_url": "https://[1"}, 400, needs("callback_url")),
    ("enhanced_kyc", {"callback_url": "http://localhost:8000/hook"}, 400, needs("callback_url")),
    ("enhanced_kyc", {"partner_params": {"a": 1}}, 400, "Field 'partner_params' is invalid."),
    ("enhanced_kyc", {"metadata": [{"name": "a" * 101, "value": ""}]}, 400, "Field 'metadata' is invalid."),
    ("enhanced_kyc", {"metadata": [{"name": "a", "value": "b" * 1001}]}, 400, "Field 'metadata' is invalid."),
    # --- ID numbers ---------------------------------------------------------------------------------------
    ("enhanced_kyc", {"country": "NGA"}, 400, needs("country")),
    ("enhanced_kyc", {"id_type": "UNKNOWN"}, 400, needs("id_type")),
    (
        "enhanced_kyc", {"id_number": "123"}, 400,
        "Invalid ID number format for the specified country and ID type.",
    ),
    ("enhanced_kyc/sync", {"id_number": "123"}, 400, needs("id_number")),
    ("enhanced_kyc", {"id_type": "BANK_ACCOUNT", "id_number": "0000000000"}, 400, needs("bank_code")),
    (
        "biometric_kyc", {"id_type": "BANK_ACCOUNT", "id_number": "0000000000"}, 403,
        "ID type not enabled for this partner.",
    ),
    # --- images -------------------------------------------------------------------------------------------
    ("registration", {"liveness_images": [JPEG] * 5}, 400, needs("liveness_images")),
    ("registration", {"liveness_images": [JPEG] * 9}, 400, needs("liveness_images")),
    ("registration", {"selfie_image": PNG}, 400, needs("selfie_image")),
    ("registration", {"selfie_image": [JPEG, JPEG]}, 400, needs("selfie_image")),
    ("document_verification", {"document": b"GIF89a"}, 400, "Document image must be JPEG or PNG."),
    ("document_verification", {"document_back": b"GIF89a"}, 400, "Document image must be JPEG or PNG."),
    ("registration", {"selfie_image": JPEG + bytes(4_000_000)}, 413, "selfie_image is too large."),
    (
        "document_verification", {"document": JPEG + bytes(4_500_000)}, 413,
        "The request payload exceeds the maximum allowed size of 4.5MB.",
    ),
    # --- choices ------------------------------------------------------------------------------------------
    (
        "compare", {"comparison_image_type": "FACE"}, 400,
        "Field 'comparison_image_type' must be either DOCUMENT, ID_PHOTO, or PORTRAIT.",
    ),
    (
        "residency_document_verification", {"id_type": "IDENTITY_CARD"}, 400,
        "Field 'id_type' must be PASSPORT for residency document verification.",
    ),
    ("registration", {"sandbox_result": "many"}, 400, "Field 'sandbox_result' is invalid."),
    ("registration", {"allow_new_enroll": "yes"}, 400, "Field 'allow_new_enroll' is invalid."),
    # --- screenings and addresses -------------------------------------------------------------------------
    ("aml", {"birth_year": "85"}, 400, "Field 'birth_year' is invalid."),
    ("aml", {"birth_year": "0999"}, 400, "Field 'birth_year' is invalid."),
    ("aml/monitoring", {"birth_year": "85"}, 400, "Field 'birth_year' must be a four digit year."),
    ("aml", {"strict_match": "maybe"}, 400, "Field 'strict_match' is invalid."),
    ("aml", {"aliases": ["x"] * 21}, 400, "Field 'aliases' must contain at most 20 entries."),
    ("aml", {"aliases": ["x" * 257]}, 400, "Field 'aliases' entries must be at most 256 characters."),
    (
        "aml", {"search_existing_user": True}, 400,
        "Required field 'user_id' is missing or invalid when search_existing_user is true.",
    ),
    (
        "aml", {"search_existing_user": True, "user_id": "nobody"}, 404,
        "No enrolled user found for this partner.",
    ),
    (
        "aml/monitoring", {"search_existing_user": True, "user_id": "enrolled"}, 404,
        "No prior KYC record with a usable name and country was found for this user.",
    ),
    ("address", {"country": "KE"}, 400, "Field 'country' must be one of NG, ZA."),
    ("address", {"id_number": None}, 400, "Either 'id_number' or 'utility_number' is required."),
    ("address", {"country": "NG", "id_number": None, "utility_number": "1"}, 400, needs("utility_provider")),
    # --- users --------------------------------------------------------------------------------------------
    ("authentication", {"user_id": "nobody"}, 404, "No enrolled user found for this partner."),
    ("registration", {"user_id": "enrolled"}, 400, needs("user_id")),
    ("users/nobody/report_fraud", BODIES["users/enrolled/report_fraud"], 404, "User not found"),
    (
        "users/enrolled/report_fraud", {"reason": "BAD"}, 400,
        "Field 'reason' must be one of: FIRST_PARTY_FRAUD, SECOND_PARTY_FRAUD, THIRD_PARTY_FRAUD, SYNTHETIC_IDENTITY,"
        " ACCOUNT_TAKEOVER, DOCUMENT_FORGERY, IDENTITY_FARMING, MULE_ACCOUNT, OTHER",
    ),
    (
        "users/enrolled/report_fraud", {"is_fraud": False, "reason": None}, 400,
        "Required field 'notes' is missing or invalid when is_fraud is false.",
    ),
    (
        "users/enrolled/report_fraud", {"reason": "OTHER"}, 400,
        "Required field 'notes' is missing or invalid when reason is 'OTHER'.",
    ),
    ("users/enrolled/report_fraud", {"notes": "x" * 501}, 400, "Field 'notes' must be at most 500 characters."),
    (
        "users/enrolled/report_fraud", {"reported_by": "ben"}, 400,
        "Field 'reported_by' must be a valid email address.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "changes", "status", "text"), CASES)
def test_rule_and_its_text(client: FlaskClient, path: str, changes: dict[str, Any], status: int, text: str) -> None:
    answer = post(client, path, changes)

    assert (answer.status_code, answer.json["message"]) == (status, text)
    assert set(answer.json) == {"status", "message"}
    assert of(client.application).store.jobs == {}


@pytest.mark.parametrize("path", SUBMISSIONS)
def test_every_body_of_these_tests_is_taken(client: FlaskClient, path: str) -> None:
    answer = post(client, path)

    assert answer.status_code == (200 if path.endswith("/sync") else 202), answer.text


@pytest.mark.parametrize("path", BODIES)
def test_token_is_needed(client: FlaskClient, path: str) -> None:
    without = post(client, path, headers={})
    forged = post(client, path, headers={"SmileID-Token": get_token(client)[:-2] + "xx"})

    gateway = {"job_id": None, "user_id": None, "status": "unauthorized"}
    assert without.json == gateway | {"message": "Missing or invalid authentication credentials."}
    assert (without.status_code, forged.status_code) == (401, 401)
    wanted = "Invalid token" if path.startswith("users") else "Invalid authentication credentials."
    assert forged.json == {"status": "Unauthorized", "message": wanted}


@pytest.mark.parametrize("path", BODIES)
def test_anything_but_multipart_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.post(f"/v3/{path}", json={"country": "NG"}, headers=token_headers(client))

    assert answer.status_code == 415
    assert answer.json["message"] == "Unsupported Media Type. Required Content-Type is multipart/form-data"


def test_gateway_refuses_what_is_far_too_large(client: FlaskClient) -> None:
    answer = post(client, "document_verification", {"document": JPEG + bytes(10_000_000)})

    assert answer.status_code == 413
    assert answer.json == {
        "job_id": None, "user_id": None, "status": "payload_too_large",
        "message": "Request payload too large. Maximum allowed size is 10 MB.",
    }  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
def test_account_may_refuse_everything(client: FlaskClient, sandbox: Sandbox, refusal: str) -> None:
    sandbox.v3 = V3Switch(refusal)
    status, text = REFUSALS[refusal]

    later, at_once = post(client, "enhanced_kyc"), post(client, "enhanced_kyc/sync")

    assert (later.status_code, later.json["message"]) == (status, text)
    assert (at_once.status_code, at_once.json["message"]) == (status, AT_ONCE.get(refusal, text))
    assert ("Retry-After" in later.headers) is (refusal == "rate_limit")
    assert sandbox.store.jobs == {}


def test_wallet_of_the_partner_pays(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.wallet_balance = 0.15

    assert [post(client, "enhanced_kyc").status_code for _ in range(2)] == [202, 402]


def test_body_is_checked_before_the_account_unless_the_settings_say_otherwise(build: Callable[..., Flask]) -> None:
    order = ("token", "account", "content_type", "body")
    usual, other = build(), build(v3_check_order=order)
    for app in (usual, other):
        of(app).v3 = V3Switch("product")

    statuses = [post(app.test_client(), "enhanced_kyc", {"country": None}).status_code for app in (usual, other)]

    assert statuses == [400, 403]


def test_callback_has_to_be_on_an_allowed_domain(build: Callable[..., Flask]) -> None:
    client = build(v3_callback_domains=("partner.example",)).test_client()

    answer = post(client, "enhanced_kyc", {"callback_url": "https://elsewhere.example/"})

    assert (answer.status_code, answer.json["message"]) == (403, "Callback url not allowed.")
    assert post(client, "enhanced_kyc", {"callback_url": "https://api.partner.example/"}).status_code == 202


def test_plain_callback_to_this_machine_is_a_setting(build: Callable[..., Flask]) -> None:
    client = build(allow_http_on_loopback=True).test_client()

    urls = ("http://localhost:8000/hook", "http://127.0.0.1/hook", "http://partner.example/")
    assert [post(client, "enhanced_kyc", {"callback_url": url}).status_code for url in urls] == [202, 202, 400]


def test_default_callback_is_enough(build: Callable[..., Flask]) -> None:
    client = build(default_callback_url="https://partner.example/").test_client()

    assert post(client, "enhanced_kyc", {"callback_url": None}).status_code == 202


def test_lookups_of_one_number_are_limited(build: Callable[..., Flask]) -> None:
    client = build(v3_lookups_per_number=2, v3_blocked_from_lookups=4).test_client()

    answers = [post(client, "enhanced_kyc") for _ in range(5)]
    other = post(client, "enhanced_kyc", {"id_number": "00000000001"})

    assert [answer.status_code for answer in answers] == [202, 202, 429, 429, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 61
    assert answers[3].json["message"] == "Rate limit exceeded. Please try again later."
    assert answers[4].json["message"] == REFUSALS["number_blocked"][1]
    assert other.status_code == 202


def test_header_of_the_partner_is_needed_for_residency_documents(client: FlaskClient) -> None:
    headers = {"SmileID-Token": get_token(client)}

    answer = post(client, "residency_document_verification", headers=headers)

    assert (answer.status_code, answer.json["message"]) == (400, "Header 'SmileID-Partner-ID' is required.")
    assert post(client, "document_verification", headers=headers).status_code == 202


@pytest.mark.parametrize(("authority", "status"), [("silent", 408), ("down", 424), ("error", 500)])
def test_answer_at_once_that_does_not_come_names_the_job(
    client: FlaskClient, sandbox: Sandbox, authority: str, status: int
) -> None:
    assert authority in AUTHORITIES
    sandbox.v3 = V3Switch(authority=authority)

    lookup = post(client, "enhanced_kyc/sync")
    key = token_headers(client) | {"SmileID-Idempotency-Key": "k" * 16}
    screenings = [post(client, "aml/sync", headers=key)]
    charged = {job.product: job.charged for job in sandbox.store.jobs.values()}
    sandbox.v3 = V3Switch()
    screenings += [post(client, "aml/sync", headers=key) for _ in range(2)]

    assert (lookup.status_code, screenings[0].status_code) == (status, status)
    job_id = lookup.headers["SmileID-Job-ID"]
    assert client.get(f"/v3/status/{job_id}", headers=token_headers(client)).json["status"] == "error"
    # A screening that was not answered costs nothing, and its key may be used again, once.
    assert charged == {"enhanced_kyc": 1, "one_time_aml": 0}
    assert [answer.status_code for answer in screenings[1:]] == [200, 200]
    assert screenings[1].headers["SmileID-Job-ID"] == screenings[2].headers["SmileID-Job-ID"]


def test_key_that_is_no_key_is_refused(client: FlaskClient) -> None:
    headers = token_headers(client) | {"SmileID-Idempotency-Key": "short"}

    assert post(client, "aml/sync", headers=headers).status_code == 400


# --- tokens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"smileid-partner-id": ""}, 400, "smileid-partner-id header is required."),
        ({"smileid-api-key": ""}, 400, "smileid-api-key header is required."),
        ({"smileid-partner-id": "002"}, 401, "Invalid authentication credentials."),
        ({"smileid-api-key": "other"}, 401, "Invalid authentication credentials."),
    ],
)
def test_token_needs_the_key(client: FlaskClient, headers: dict[str, str], status: int, text: str) -> None:
    answer = client.post("/v3/token", headers=key_headers() | headers)

    assert (answer.status_code, answer.json["message"]) == (status, text)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"consent": CONSENT | {"granted_at": "x"}}, needs("consent.granted_at")),
        ({"consent": CONSENT | {"more": 1}}, needs("consent")),
        ({"country": "Atlantis"}, needs("country")),
        ({"country": "NG", "id_type": "X"}, needs("id_type")),
        ({"country": "NG", "id_type": "BVN", "id_number": "1"},
         "Invalid ID number format for the specified country and ID type."),
        ({"email": "amina"}, "Field 'email' is invalid."),
        ({"callback_url": "http://a.example"}, needs("callback_url")),
        ({"gender": "F"}, "Field 'payload' is invalid."),
    ],
)  # fmt: skip
def test_token_checks_what_it_is_to_hold(client: FlaskClient, payload: dict[str, Any], text: str) -> None:
    answer = post_token(client, {"payload": payload})

    assert (answer.status_code, answer.json["message"]) == (400, text)


def test_token_may_be_for_a_document_that_is_looked_up_nowhere(client: FlaskClient) -> None:
    assert post_token(client, {"payload": {"country": "AF", "id_type": "TRAVEL_DOC"}}).status_code == 200


def test_token_takes_multipart_only(client: FlaskClient) -> None:
    assert client.post("/v3/token", json={"user_id": "u"}, headers=key_headers()).status_code == 415
    wrong = post_token(client, {"product": "kyb"})
    assert wrong.status_code == 400


def test_token_allows_a_little_more_for_the_consent(client: FlaskClient) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=40)).replace(tzinfo=None).isoformat()
    consent = CONSENT | {"granted_at": soon, "notice_language": "en", "notice_privacy_policy_url": "http://a.example"}

    assert get_token(client, payload={"consent": consent})


def test_what_the_token_holds_overrides_the_body(client: FlaskClient, sandbox: Sandbox) -> None:
    payload = {
        "country": "Nigeria", "id_type": "BVN", "id_number": "00000000000", "given_names": "Rashid Omar",
        "last_name": "Dangerfield", "email": "rashid.dangerfield@example.com",
        "callback_url": "https://partner.example/bound",
    }  # fmt: skip
    headers = token_headers(client, payload=payload, user_id="bound", partner_params={"order_id": "A-17"})

    answer = post(client, "enhanced_kyc", {"id_number": "00000000001", "country": "KE"}, headers)

    job = sandbox.store.jobs[answer.json["job_id"]]
    assert (job.user_id, job.callback_url) == ("bound", "https://partner.example/bound")
    assert (job.id_info["id_number"], job.id_info["country"]) == ("00000000000", "NG")
    assert job.id_info["user_details"]["last_name"] == "Dangerfield"
    assert job.partner_params == {"order_id": "A-17"}


def test_token_refers_to_personal_values_only(client: FlaskClient) -> None:
    token = get_token(client, payload={"country": "NG", **DETAILS, "id_number": "00000000000", "consent": CONSENT})
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    assert not [value for value in (*DETAILS.values(), "00000000000") if value in json.dumps(claims)]
    assert claims["payload"]["consent"]["notice_language"] == "EN"
    assert claims["exp"] - claims["iat"] == 900
    assert claims["api_url"].endswith("/v3")


def test_user_of_the_token_is_the_only_one(client: FlaskClient) -> None:
    headers = token_headers(client, user_id="one")

    refused = [
        post(client, "enhanced_kyc", {"user_id": "two"}, headers),
        post(client, "enhanced_kyc", headers=headers | {"User-ID": "two"}),
    ]

    assert {(answer.status_code, answer.json["message"]) for answer in refused} == {
        (403, "Token is not authorized for this user ID.")
    }
    assert post(client, "enhanced_kyc", {"user_id": "one"}, headers).status_code == 202


@pytest.mark.parametrize(("status", "expected"), [(403, 403), (401, 401), (0, 202)])
def test_token_of_another_product_is_refused_by_a_setting(
    build: Callable[..., Flask], status: int, expected: int
) -> None:
    client = build(v3_other_product_status=status).test_client()
    headers = token_headers(client, product="enhanced_kyc")

    assert post(client, "registration", headers=headers).status_code == expected
    assert post(client, "enhanced_kyc", headers=headers).status_code == 202
    assert post(client, "smile_links", headers=headers).status_code == 401


def test_expired_token_is_refused(build: Callable[..., Flask]) -> None:
    client = build(token_lifetime_seconds=0.0).test_client()

    assert post(client, "enhanced_kyc").status_code == 401


# --- any body ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def any_app() -> FlaskClient:
    app = create_sandbox(SandboxSettings(partner_id=calls.PARTNER_ID, api_key=calls.API_KEY, wallet_balance=1e9))
    of(app).store.save_user(User("enrolled", enrolled=True))
    return app.test_client()


@given(case=multipart_bodies())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_multipart_body_is_an_error_of_the_server(any_app: FlaskClient, case: Any) -> None:
    path, content_type, body, headers = case
    sent = token_headers(any_app) | headers

    answer = any_app.post(f"/v3/{path}", input_stream=io.BytesIO(body), content_type=content_type,
                          content_length=len(body), headers=sent)  # fmt: skip

    assert answer.status_code < 500, (path, body)
    assert answer.is_json
