"""Web tokens: minted for a product, accepted instead of a signature, and stronger than the browser's words."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.sandbox import calls

CALLBACK = "http://127.0.0.1:9/hook"


def mint(client: FlaskClient, **changes: Any) -> Any:
    body = {
        **calls.signed(),
        "user_id": "user-1",
        "job_id": "job-1",
        "product": "smartselfie",
        "callback_url": CALLBACK,
        **changes,
    }
    return client.post("/v1/token", json=body)


def upload_with(client: FlaskClient, token: str, **changes: Any) -> Any:
    body = {
        **calls.SDK,
        "smile_client_id": "002",
        "token": token,
        "partner_params": calls.params(),
        "file_name": "selfie.zip",
        **changes,
    }
    return client.post("/v1/upload", json=body)


@pytest.mark.parametrize(
    ("product", "job_type"),
    [
        ("authentication", 2),
        ("basic_kyc", 5),
        ("biometric_kyc", 1),
        ("doc_verification", 6),
        ("e_signature", 12),
        ("ekyc_smartselfie", 1),
        ("enhanced_document_verification", 11),
        ("enhanced_kyc", 5),
        ("identity_verification", 5),
        ("smartselfie", 4),
    ],
)
def test_token_names_person_job_type_and_callback(client: FlaskClient, product: str, job_type: int) -> None:
    answer = mint(client, product=product).json

    header, payload, _ = answer["token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert answer["success"] is True
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert claims["partner_params"] == {"user_id": "user-1", "job_id": "job-1", "job_type": job_type}
    assert claims["callback_url"] == CALLBACK
    assert claims["exp"] - claims["iat"] == 900


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"product": "x"}, "2217"), ({"user_id": ""}, "2213"), ({"callback_url": ""}, "2213"), ({"job_id": 3}, "2204")],
)
def test_broken_token_request_is_refused(client: FlaskClient, changes: dict[str, Any], code: str) -> None:
    answer = mint(client, **changes)

    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_token_opens_the_upload(client: FlaskClient) -> None:
    assert upload_with(client, mint(client).json["token"]).json["code"] == "2202"


def test_browser_cannot_name_another_job_than_the_token(client: FlaskClient) -> None:
    upload_with(client, mint(client).json["token"], partner_params=calls.params("job-2", user_id="user-2"))

    assert client.post("/v1/job_status", json=calls.status_body("job-1")).json["code"] == "2314"
    assert client.post("/v1/job_status", json=calls.status_body("job-2", "user-2")).json["code"] == "2304"


def test_token_of_another_kind_of_key_or_none_is_refused(client: FlaskClient) -> None:
    good = mint(client).json["token"]
    head, payload, mac = good.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")

    for token in ("", "x", f"{head}.{payload}.", f"{unsigned}.{payload}.", f"{head}.{payload}.{mac[::-1]}", "é.é.é"):
        answer = upload_with(client, token)
        assert (answer.status_code, answer.json["code"]) == (400, "2205")


def test_expired_token_is_refused(build: Callable[..., Flask]) -> None:
    client = build(token_lifetime_seconds=-1).test_client()

    answer = upload_with(client, mint(client).json["token"]).json

    assert answer == {"code": "2205", "error": "The web token has expired"}


def test_product_that_the_sources_disagree_about_is_a_setting(client: FlaskClient, build: Callable[..., Flask]) -> None:
    strict = build(token_for_document_verification=False).test_client()

    assert mint(client, product="document_verification").json["success"] is True
    assert mint(strict, product="document_verification").json["code"] == "2217"


def test_token_of_another_product_is_refused(client: FlaskClient, build: Callable[..., Flask]) -> None:
    lenient = build(web_token_binds_job_type=False).test_client()
    params = calls.params(job_type=1)

    strict = upload_with(client, mint(client).json["token"], partner_params=params)
    tolerated = upload_with(lenient, mint(lenient).json["token"], partner_params=params)

    assert strict.json["code"] == "2212"
    assert tolerated.json["code"] == "2202"


def test_token_may_be_used_up_by_its_first_job(build: Callable[..., Flask], tmp_path: Path) -> None:
    changes = {"web_token_single_use": True, "store_path": tmp_path / "sandbox.db"}
    client = build(**changes).test_client()
    token = mint(client).json["token"]
    config = {"partner_id": "002", "token": token}

    before = client.post("/v1/products_config", json=config)
    upload_with(client, token)
    after = client.post("/v1/products_config", json=config)
    restarted = build(**changes).test_client().post("/v1/products_config", json=config)

    assert before.status_code == 200
    assert after.json == restarted.json == {"code": "2205", "error": "The web token was used already"}


def test_token_is_used_again_unless_that_is_switched_off(client: FlaskClient) -> None:
    token = mint(client).json["token"]

    upload_with(client, token)

    assert upload_with(client, token, retry=True).json["code"] == "2202"


def test_hosted_pages_read_their_configuration_with_the_token(client: FlaskClient) -> None:
    body = {"partner_id": "002", "token": mint(client).json["token"], "partner_params": calls.params()}

    config = client.post("/v1/products_config", json=body).json
    documents = client.post("/v1/valid_documents", json=body).json["valid_documents"]

    assert config["consentRequired"] == {"NG": ["NIN_V2", "BVN_MFA"]}
    assert "BVN" in config["idSelection"]["enhanced_kyc"]["NG"]
    assert len(documents) > 200
    assert set(documents[0]) == {"country", "id_types"}
    assert all(country["id_types"][-1]["code"] == "" for country in documents if len(country["id_types"]) > 1)


def test_token_opens_a_lookup_of_the_hosted_page(client: FlaskClient) -> None:
    token = mint(client, product="enhanced_kyc").json["token"]
    body = calls.lookup_body(calls.params(job_type=5), token=token, signature=None, timestamp=None)

    assert client.post("/v1/async_id_verification", json=body).json == {"success": True}
