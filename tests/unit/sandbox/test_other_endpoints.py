"""Services, links, portal, phones, e-signature and screening: shapes and refusals."""

import io
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.sandbox.api.mobile import auth_token
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.store import User
from tests.unit.sandbox import calls

LINK = {
    "name": "Onboarding",
    "company_name": "Sample",
    "id_types": [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}],
    "callback_url": "http://127.0.0.1:9/hook",
    "data_privacy_policy_url": "https://example.com/privacy",
    "logo_url": "https://example.com/logo.png",
    "is_single_use": True,
    "user_id": "user-1",
}


def headers() -> dict[str, str]:
    trio = calls.signed()
    return {
        "SmileID-Partner-ID": trio["partner_id"],
        "SmileID-Timestamp": trio["timestamp"],
        "SmileID-Request-Signature": trio["signature"],
    }


def create_link(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/v1/smile_links", json={**calls.signed(), **LINK, **changes})


def test_services_need_no_signature_and_describe_id_types(client: FlaskClient) -> None:
    services = client.get("/v1/services?locale=en").json

    bvn = services["hosted_web"]["enhanced_kyc"]["NG"]["id_types"]["BVN"]
    assert services["hosted_web"]["enhanced_kyc"]["NG"]["name"] == "Nigeria"
    assert bvn["id_number_regex"] == "^[0-9]{11}$"
    assert bvn["test_data"] == "00000000000"
    assert set(bvn["required_fields"]) == {"country", "id_type", "user_id", "job_id", "id_number"}
    basic = services["hosted_web"]["basic_kyc"]["NG"]["id_types"]["BVN"]["required_fields"]
    assert {"first_name", "last_name"} <= set(basic)
    assert list(services["hosted_web"]["doc_verification"]["NG"]["id_types"]["PASSPORT"]) == ["label"]
    assert all(set(bank) == {"name", "code"} for bank in services["bank_codes"])


def test_every_published_test_number_fits_its_own_pattern(client: FlaskClient) -> None:

    for countries in client.get("/v1/services").json["hosted_web"].values():
        for country in countries.values():
            for id_type, row in country["id_types"].items():
                pattern = row.get("id_number_regex")
                assert not pattern or re.fullmatch(pattern, row["test_data"]), id_type


def test_link_is_created_shown_changed_and_listed(client: FlaskClient) -> None:
    created = create_link(client).json
    path = f"/v1/smile_links/{created['ref_id']}"

    client.put(path, json={**calls.signed(), "name": "Renamed", "is_disabled": True})
    shown = client.post(path, json=calls.signed()).json
    by_get = client.get(path, query_string=calls.signed()).json
    listed = client.get("/v1/smile_links", query_string=calls.signed()).json["links"]

    assert created["link"].endswith(f"/links/002/{created['ref_id']}")
    assert shown["name"] == "Renamed"
    assert shown["disabled_at"] is not None
    assert (shown["total_jobs"], shown["successful_jobs"], shown["failed_jobs"]) == (0, 0, 0)
    assert by_get == shown
    assert listed == [shown]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "2213"),
        ({"is_single_use": "true"}, "2213"),
        ({"id_types": []}, "2204"),
        ({"id_types": None}, "2204"),
        ({"id_types": [{**LINK["id_types"][0], "verification_method": "smartselfie"}]}, "2204"),
        ({"id_types": LINK["id_types"] * 2}, "2204"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "2204"),
        ({"partner_params": {"count": 1}}, "2204"),
        ({"signature": "x"}, "2205"),
    ],
)
def test_broken_link_is_refused(client: FlaskClient, changes: dict[str, Any], code: str) -> None:
    answer = create_link(client, **changes)

    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_link_keeps_its_expiry(client: FlaskClient) -> None:
    expires = (datetime.now(UTC) + timedelta(days=7)).isoformat()

    ref_id = create_link(client, expires_at=expires).json["ref_id"]

    assert client.post(f"/v1/smile_links/{ref_id}", json=calls.signed()).json["expires_at"] == expires


def test_unknown_link_is_404(client: FlaskClient) -> None:
    assert client.post("/v1/smile_links/none", json=calls.signed()).status_code == 404


def test_wallet_goes_down_with_each_charge(client: FlaskClient) -> None:
    body = {**calls.signed(), "environment": "test"}
    before = client.post("/api/v2/partner/wallet_balance", json=body).json
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params(job_type=5)))

    after = client.post("/api/v2/partner/wallet_balance", json=body).json

    assert (before["wallet_balance"], after["wallet_balance"]) == (500.0, 499.9)
    assert set(after) == {"wallet_balance", "current_as_of"}


def test_availability_of_an_authority(client: FlaskClient) -> None:
    body = {**calls.signed(), "environment": "test", "country": "NG", "id_type": "BVN"}

    answer = client.post("/api/v2/partner/id_status", json=body).json

    assert set(answer) == {"last_checked", "last_check_status", "last_hour_success_rate"}


@pytest.mark.parametrize("path", ["/api/v2/partner/enrollee", "/v2/block-user"])
def test_enrolled_user_can_be_blocked_and_deleted(client: FlaskClient, sandbox: Sandbox, path: str) -> None:
    sandbox.store.save_user(User("user-1", enrolled=True))
    body = {**calls.signed(), "environment": "test", "user_id": "user-1"}

    blocked = client.post(path, json={**body, "active": False})
    two_flags = client.post(path, json={**body, "active": True, "delete": True})
    client.post(path, json={**body, "delete": True})

    assert blocked.json == {"success": True}
    assert two_flags.status_code == 400
    assert (sandbox.store.users["user-1"].active, sandbox.store.users["user-1"].deleted) == (False, True)
    assert client.post(path, json={**body, "active": True}).json["code"] == "2210"


def test_phone_gets_a_signature_for_its_token(client: FlaskClient, sandbox: Sandbox) -> None:
    body = {"partner_id": "002", "auth_token": auth_token(sandbox), "job_type": 4, "job_id": "", "user_id": ""}

    answer = client.post("/v1/auth_smile", json=body).json
    refused = client.post("/v1/auth_smile", json={**body, "auth_token": "x"})

    assert answer["signature"] == calls.hmac_signature(answer["timestamp"])
    assert answer["consent_info"] == {"can_access": True, "consent_required": False}
    assert refused.json["code"] == "2205"


def test_smart_selfie_enrols_and_then_authenticates(client: FlaskClient) -> None:
    def form() -> dict[str, Any]:
        return {
            "user_id": "user-1",
            "selfie_image": (io.BytesIO(calls.JPEG), "selfie.jpg"),
            "liveness_images": [(io.BytesIO(calls.JPEG), "1.jpg"), (io.BytesIO(calls.JPEG), "2.jpg")],
        }

    first = client.post("/v2/smart-selfie-authentication", data=form(), headers=headers())
    enrolled = client.post("/v2/smart-selfie-enroll", data=form(), headers=headers())
    rejected = client.post("/v2/smart-selfie-authentication", data={**form(), "sandbox_result": "1"}, headers=headers())

    assert first.json["code"] == "2210"
    assert (enrolled.json["status"], enrolled.json["code"]) == ("approved", "0810")
    assert (rejected.json["status"], rejected.json["code"]) == ("rejected", "0821")


def test_headers_must_be_signed(client: FlaskClient) -> None:
    broken = {**headers(), "SmileID-Request-Signature": "x"}

    assert client.post("/v2/smart-selfie-enroll", data={}, headers=broken).json["code"] == "2205"


def test_documents_are_listed_and_signed(client: FlaskClient) -> None:
    listed = client.get("/v1/documents?ids=a,b", headers=headers()).json["documents"]
    signed = client.post(
        "/v1/documents/sign",
        data={
            "partner_params": '{"user_id": "u", "job_id": "j", "job_type": 12}',
            "smile_client_id": "002",
            "ids": "a,b",
            "name": "Joe Doe",
            "document_read_at": "2026-01-15T09:30:00.000Z",
            "image": (io.BytesIO(calls.PNG), "signature.png"),
        },
        headers=headers(),
    )

    assert [row["id"] for row in listed] == ["a", "b"]
    assert client.get(listed[0]["link"]).status_code == 200
    assert signed.json == {"success": True}


@pytest.mark.parametrize(("wish", "code", "people"), [("0", "1031", 0), ("1", "1030", 1)])
def test_screening_finds_on_wish(client: FlaskClient, wish: str, code: str, people: int) -> None:
    answer = client.post(
        "/v1/aml",
        json={
            **calls.signed(),
            **calls.SDK,
            "job_id": "job-1",
            "user_id": "user-1",
            "full_name": "Joe Doe",
            "birth_year": "1989",
            "countries": ["NG"],
            "partner_params": {"sandbox_result": wish},
        },
    ).json

    assert (answer["ResultCode"], len(answer["people"])) == (code, people)
    assert answer["signature"] == calls.hmac_signature(answer["timestamp"])


def test_address_verification_is_accepted_and_settles(client: FlaskClient, sandbox: Sandbox) -> None:
    body = {
        "country": "NG",
        "address": "12 Sample Street",
        "full_name": "Amina Bello",
        "callback_url": "http://127.0.0.1:9/hook",
        "utility_number": "12345",
        "utility_provider": "sample",
        "partner_params": calls.params(job_type=12),
    }

    accepted = client.post("/v1/async-verify-address", json=body, headers=headers())
    sandbox.scheduler.run_due(time.time())

    assert accepted.json == {"success": True}
    assert client.post("/v1/job_status", json=calls.status_body()).json["result"]["ResultCode"] == "1012"
