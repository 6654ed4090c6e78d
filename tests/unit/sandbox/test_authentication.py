"""Who may call: the HMAC trio, the legacy sec_key, and nobody else."""

import base64
import hashlib
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from flask import Flask
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from tests.unit.sandbox import calls


def status_code_of(client: FlaskClient, **changes: object) -> tuple[int, str]:
    answer = client.post("/v1/job_status", json={**calls.status_body(), **changes})
    return answer.status_code, answer.json["code"]


def test_right_signature_is_let_in(client: FlaskClient) -> None:
    assert status_code_of(client) == (400, "2304")


@pytest.mark.parametrize("partner_id", ["2", "003", "", "0002"])
def test_another_partner_id_is_not_authorized(client: FlaskClient, partner_id: str) -> None:
    assert status_code_of(client, partner_id=partner_id) == (400, "2205")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_timestamp_out_of_tolerance_is_not_authorized(client: FlaskClient, minutes: float) -> None:
    assert status_code_of(client, **calls.signed(minutes)) == (400, "2205")


def test_any_age_passes_without_a_tolerance(build: Callable[..., Flask]) -> None:
    client = build(timestamp_tolerance_seconds=None).test_client()

    assert status_code_of(client, **calls.signed(-60 * 24 * 400)) == (400, "2304")


def test_signature_of_another_key_is_not_authorized(client: FlaskClient) -> None:
    assert status_code_of(client, **calls.signed(api_key="another")) == (400, "2205")


def test_timestamp_that_was_changed_after_signing_is_not_authorized(client: FlaskClient) -> None:
    pair = calls.signed()
    pair["timestamp"] = pair["timestamp"].replace("+00:00", "Z")

    assert status_code_of(client, **pair) == (400, "2205")


@pytest.mark.parametrize(
    ("name", "value"),
    [("signature", 12), ("timestamp", 1563283420), ("partner_id", 2), ("signature", ["x"]), ("user_id", "\ud800")],
)
def test_wrong_json_type_is_2204(client: FlaskClient, name: str, value: object) -> None:
    assert status_code_of(client, **{name: value}) == (400, "2204")


@pytest.mark.parametrize("signature", ["", "é", "x" * 10_000])
def test_odd_signature_texts_are_refused_not_failed_upon(client: FlaskClient, signature: str) -> None:
    assert status_code_of(client, signature=signature) == (400, "2205")


def test_status_and_code_of_a_failed_authentication_can_be_chosen(build: Callable[..., Flask]) -> None:
    client = build(unauthorized_status=401, unauthorized_code="2204").test_client()

    assert status_code_of(client, signature="x") == (401, "2204")


@pytest.mark.parametrize("unit", [1, 1000])
def test_sec_key_request_gets_a_sec_key_answer(client: FlaskClient, sandbox: Sandbox, unit: int) -> None:
    client.post("/v1/upload", json=calls.upload_body(calls.params()))
    public = sandbox.signer.legacy_key.public_key()
    trio = calls.sec_key_signed(public, int(time.time() * unit), "partner_id")

    answer = client.post("/v1/job_status", json={**trio, "user_id": "user-1", "job_id": "job-1"}).json

    assert isinstance(answer["timestamp"], int)
    sealed, _, clear = answer["signature"].partition("|")
    assert clear == hashlib.sha256(f"2:{answer['timestamp']}".encode()).hexdigest()
    opened = public.recover_data_from_signature(base64.b64decode(sealed), padding.PKCS1v15(), None)
    assert opened.decode() == clear


def test_sec_key_for_another_timestamp_is_not_authorized(client: FlaskClient, sandbox: Sandbox) -> None:
    now = int(time.time())
    trio = calls.sec_key_signed(sandbox.signer.legacy_key.public_key(), now, "partner_id")

    assert status_code_of(client, **{**trio, "timestamp": now + 1, "signature": None}) == (400, "2205")


def test_old_sec_key_is_not_authorized(client: FlaskClient, sandbox: Sandbox) -> None:
    trio = calls.sec_key_signed(sandbox.signer.legacy_key.public_key(), 1563283420, "partner_id")

    assert status_code_of(client, **trio) == (400, "2205")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"text"', b"[" * 100_000, b'{"user_id": NaN}'])
def test_body_that_is_no_json_object_is_2203(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/v1/job_status", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, "2203")
