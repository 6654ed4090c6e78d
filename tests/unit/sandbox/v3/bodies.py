"""Requests as a program without our client builds them: valid parts of every endpoint, which a test changes."""

import io
import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.unit.sandbox import calls

PARTNER = "2"
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
CONSENT: dict[str, Any] = {
    "granted": True,
    "granted_at": "2026-10-01T09:30:00.000Z",
    "notice_language": "EN",
    "notice_privacy_policy_url": "https://partner.example/privacy",
}
DETAILS = {"given_names": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"}
COMMON: dict[str, Any] = {
    "consent": CONSENT,
    "user_details": DETAILS,
    "callback_url": "https://partner.example/hooks/smile",
}
NUMBER = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}
FACES: dict[str, Any] = {"selfie_image": JPEG, "liveness_images": [JPEG] * 6}
SCREENING = {"countries": ["NG"], "full_name": "Amina Fatou Clearwater"}
ADDRESS = {"address": "1 Broad Street", "country": "ZA", "id_number": "0000000000000"}
BODIES: dict[str, dict[str, Any]] = {
    "enhanced_kyc": {**COMMON, **NUMBER},
    "enhanced_kyc/sync": {**COMMON, **NUMBER},
    "biometric_kyc": {**COMMON, **NUMBER, **FACES},
    "document_verification": {**COMMON, **FACES, "country": "NG", "document": JPEG},
    "enhanced_document_verification": {**COMMON, **FACES, "country": "NG", "id_type": "PASSPORT", "document": JPEG},
    "residency_document_verification": {
        **COMMON, **FACES, "country": "NG", "id_type": "PASSPORT", "document": JPEG, "visa": PNG,
    },
    "registration": {**COMMON, **FACES},
    "authentication": {**COMMON, **FACES, "user_id": "enrolled"},
    "compare": {**COMMON, "selfie_image": JPEG, "comparison_image": JPEG, "comparison_image_type": "PORTRAIT"},
    "aml": {**COMMON, **SCREENING},
    "aml/sync": {**COMMON, **SCREENING},
    "aml/monitoring": {**COMMON, **SCREENING},
    "address": {**COMMON, **ADDRESS},
    "users/enrolled/report_fraud": {"is_fraud": True, "reported_by": "ben@partner.example", "reason": "MULE_ACCOUNT"},
    "smile_links": {
        "id_types": [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}],
        "name": "KYC", "notice_privacy_policy_url": "https://partner.example/privacy", "is_single_use": True,
    },
}  # fmt: skip


def get_token(client: FlaskClient, **parts: Any) -> str:
    answer = post_token(client, parts)
    assert answer.status_code == 200, answer.text
    token: str = answer.json["token"]
    return token


def post_token(client: FlaskClient, parts: dict[str, Any]) -> TestResponse:
    """Ask for a token; without parts there is no body."""
    body = {"data": encoded(parts), "content_type": "multipart/form-data"} if parts else {}
    return client.post("/v3/token", headers=key_headers(), **body)


def key_headers() -> dict[str, str]:
    return {"smileid-partner-id": PARTNER, "smileid-api-key": calls.API_KEY}


def token_headers(client: FlaskClient, **parts: Any) -> dict[str, str]:
    return {"SmileID-Token": get_token(client, **parts), "SmileID-Partner-ID": PARTNER}


def encoded(parts: dict[str, Any]) -> MultiDict[str, Any]:
    """The parts for the test client: bytes become files, objects JSON; what is None is left out."""
    fields: MultiDict[str, Any] = MultiDict()
    for name, value in parts.items():
        for each in value if isinstance(value, list) and value and isinstance(value[0], bytes) else [value]:
            if isinstance(each, bytes):
                fields.add(name, (io.BytesIO(each), f"{name}.jpg"))
            elif isinstance(each, bool):
                fields.add(name, "true" if each else "false")
            elif isinstance(each, dict | list):
                fields.add(name, json.dumps(each))
            elif each is not None:
                fields.add(name, str(each))
    return fields


def post(
    client: FlaskClient,
    path: str,
    changes: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Send the body of an endpoint with changes. headers: instead of those with a token."""
    parts = {**BODIES.get(path, {}), **(changes or {})}
    return client.post(
        f"/v3/{path}",
        data=encoded(parts),
        content_type="multipart/form-data",
        headers=token_headers(client) if headers is None else headers,
    )
