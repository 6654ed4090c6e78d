"""Callbacks as Smile sends them, signed by a few lines of our own: a witness beside dashboard.smile."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlmodel import Session
from werkzeug.test import TestResponse

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.receiving.acknowledging import kept_headers
from dashboard.callbacks.receiving.parsing import parse, read_facts
from dashboard.callbacks.receiving.storing import Arrival, Receipt, store_callbacks
from dashboard.callbacks.receiving.verdicts import check_signature
from dashboard.db import Database, keyring_of, new_id, utc_now
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.callback_keys import callback_key, digest_of_key
from dashboard.smile_keys import ApiKey, ApiKeys

API_KEY = "test-api-key-0001"
PARTNER_ID = "002"
DOOR = "/hooks/smile"
V3_JOB = "job_01k95zbyjje7qt3v6w8y0y2zax"


def sign(timestamp: str, api_key: str = API_KEY, partner_id: str = PARTNER_ID) -> str:
    mac = hmac.new(api_key.encode(), f"{timestamp}{partner_id}sid_request".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def timestamp_at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_payload(*, age: timedelta = timedelta(0), job_id: str = "job-1", **changes: Any) -> dict[str, Any]:
    """A believable callback; a change to None leaves the field out."""
    timestamp = changes.pop("timestamp", timestamp_at(datetime.now(UTC) - age))
    payload: dict[str, Any] = {
        "SmileJobID": "0000000046",
        "PartnerParams": {"job_id": job_id, "user_id": "user-1", "job_type": 1},
        "ResultCode": "0810",
        "ResultText": "Enroll User",
        "IsFinalResult": "true",
        "Actions": {"Liveness_Check": "Passed"},
        "Country": "NG",
        "IDType": "BVN",
        "IDNumber": "00000000000",
        "FullName": "Joe Doe",
        "timestamp": timestamp,
        "signature": sign(str(timestamp)),
    }
    return {name: value for name, value in (payload | changes).items() if value is not None}


def make_v3_payload(**changes: Any) -> dict[str, Any]:
    """A believable body of a v3 webhook; a change to None leaves the field out."""
    payload: dict[str, Any] = {
        "status": "clear",
        "message": "Verification successful",
        "reason": None,
        "product": "biometric_kyc",
        "created_at": "2026-10-01T09:29:41.000Z",
        "completed_at": "2026-10-01T09:29:58.000Z",
        "job_id": V3_JOB,
        "user_id": "user-1",
        "partner_params": {"order": "A-17"},
        "id_fields": {"country": "NG", "id_type": "BVN", "full_name": "Joe Doe", "id_number": "00000000000"},
        "image_links": {"selfie_image": "https://example.com/selfie"},
        "antifraud": {"fraud_risk": {"risk_level": "low", "risk_score": 4}, "summary": {"fraud_detected": False}},
        "kyc_receipt": "https://example.com/receipt?token=abc",
    }
    return {name: value for name, value in (payload | changes).items() if value is not None}


def make_v3_headers(timestamp: str = "", **changes: str) -> dict[str, str]:
    """The headers of a v3 webhook, signed for the partner id without its zeros; a change to "-" leaves one out."""
    timestamp = timestamp or timestamp_at(datetime.now(UTC))
    headers = {
        "Response-Signature": sign(timestamp, partner_id=PARTNER_ID.lstrip("0")),
        "Response-Timestamp": timestamp,
    }
    return {name: value for name, value in (headers | changes).items() if value != "-"}


def encode(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def deliver(client: FlaskClient, body: bytes, path: str = DOOR, **options: Any) -> TestResponse:
    return client.post(path, data=body, **({"content_type": "application/json"} | options))


def make_arrival(job_key: str | None = None, **changes: Any) -> Arrival:
    """What the door makes of a callback before it is stored; each signed for itself."""
    now, timestamp = utc_now(), utc_now().isoformat()
    body = encode(make_payload(**({"timestamp": timestamp} | changes)))
    key = ApiKey(1, API_KEY)
    facts = read_facts(parse(body))
    check = check_signature(facts, PARTNER_ID, ApiKeys(key, (key,)))
    return Arrival(body, {}, "127.0.0.1", now, facts, check, job_key)


def make_v3_arrival(job_key: str | None = None, **changes: Any) -> Arrival:
    """The same for a webhook of v3."""
    now, body = utc_now(), encode(make_v3_payload(**changes))
    headers = kept_headers(make_v3_headers(utc_now().isoformat()).items())
    key = ApiKey(1, API_KEY)
    facts = read_facts(parse(body), headers)
    check = check_signature(facts, PARTNER_ID, ApiKeys(key, (key,)))
    return Arrival(body, headers, "127.0.0.1", now, facts, check, job_key)


def make_job(
    database: Database, job_id: str = "job-1", secret_key: str = "", environment: str = "sandbox", **changes: Any
) -> Job:
    """A job that waits for its result, with the digest of its callback key."""
    now, row_id = utc_now(), new_id()
    with database.transaction() as session:
        job = Job(
            id=row_id,
            environment=environment,
            product=Product.BIOMETRIC_KYC,
            job_type=1,
            user_id="user-1",
            job_id=job_id,
            state=JobState.WAITING,
            step=SendingStep.SENT,
            created_by="ben@example.com",
            created_at=now,
            changed_at=now,
            submitted_at=now,
            due_at=now + timedelta(hours=1),
            checked_at=now - timedelta(minutes=1),
            callback_key_digest=digest_of_key(callback_key(secret_key, row_id)),
        )
        for name, value in changes.items():
            setattr(job, name, value)
        session.add(job)
        return job


def make_refused_rows(database: Database, count: int) -> None:
    now = utc_now()
    with database.transaction() as session:
        session.add_all(
            Callback(
                environment="sandbox",
                received_at=now,
                body_sealed=b"",
                body_size=0,
                body_sha256="",
                verdict=Verdict.WRONG,
                reason="The signature does not match.",
                last_seen_at=now,
                handled_at=now,
            )
            for _ in range(count)
        )


def store_arrivals(session: Session, *arrivals: Arrival) -> list[Receipt | None]:
    """As the door does, within a transaction of the test."""
    return store_callbacks(session.connection(), keyring_of(session), "sandbox", arrivals)
