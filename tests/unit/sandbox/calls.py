"""A partner as the simulator's tests need one: signs by the published formula, builds requests and zips."""

import base64
import hashlib
import hmac
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa

PARTNER_ID = "002"
API_KEY = "sandbox-api-key-0001"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
SDK = {"source_sdk": "rest_api", "source_sdk_version": "1.0.0"}
CONSENT = {"consented": {"personal_details": True, "contact_information": True, "document_information": True}}


def hmac_signature(timestamp: str, api_key: str = API_KEY) -> str:
    message = f"{timestamp}{PARTNER_ID}sid_request".encode()
    return base64.b64encode(hmac.new(api_key.encode(), message, hashlib.sha256).digest()).decode()


def signed(minutes_off: float = 0, partner_field: str = "partner_id", api_key: str = API_KEY) -> dict[str, Any]:
    timestamp = (datetime.now(UTC) + timedelta(minutes=minutes_off)).isoformat(timespec="milliseconds")
    return {
        partner_field: PARTNER_ID,
        "timestamp": timestamp,
        "signature": hmac_signature(timestamp, api_key),
    }


def sec_key_signed(public_key: rsa.RSAPublicKey, timestamp: int, partner_field: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"2:{timestamp}".encode()).hexdigest().encode()
    sealed = base64.b64encode(public_key.encrypt(digest, padding.PKCS1v15())).decode()
    return {partner_field: PARTNER_ID, "timestamp": timestamp, "sec_key": f"{sealed}|{digest.decode()}"}


def params(job_id: str = "job-1", job_type: int = 4, user_id: str = "user-1", **extra: Any) -> dict[str, Any]:
    return {"user_id": user_id, "job_id": job_id, "job_type": job_type, **extra}


def upload_body(partner_params: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    return {
        **signed(partner_field="smile_client_id"),
        **SDK,
        "partner_params": partner_params,
        "callback_url": "",
        "file_name": "selfie.zip",
        "model_parameters": {},
        **changes,
    }


def lookup_body(partner_params: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    return {
        **signed(),
        **SDK,
        "partner_params": partner_params,
        "country": "NG",
        "id_type": "BVN",
        "id_number": "00000000000",
        **changes,
    }


def status_body(job_id: str = "job-1", user_id: str = "user-1", **changes: Any) -> dict[str, Any]:
    return {**signed(), "user_id": user_id, "job_id": job_id, **changes}


def make_zip(
    images: list[dict[str, Any]] | None = None,
    files: dict[str, bytes] | None = None,
    id_info: dict[str, Any] | None = None,
    info: dict[str, Any] | str | None = None,
) -> bytes:
    """A zip with a selfie file, unless told otherwise; `info` replaces the whole info.json."""
    if images is None:
        images = [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}]
    if info is None:
        info = {"id_info": id_info or {}, "images": images}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("info.json", info if isinstance(info, str) else json.dumps(info))
        for name, data in (files if files is not None else {"selfie.jpg": JPEG}).items():
            archive.writestr(name, data)
    return buffer.getvalue()


def inline(kind: int, data: bytes = JPEG) -> dict[str, Any]:
    return {"image_type_id": kind, "image": base64.b64encode(data).decode(), "file_name": ""}
