"""The simulator answers with codes that are published, and takes what old clients of Smile's send."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import dashboard.sandbox
from dashboard.sandbox.state import of
from dashboard.sandbox.world.outcomes import table
from dashboard.smile.constants import result_codes
from tests.unit.sandbox import calls

#: A person who is on no list: the sources show the code of a hit (1030) only.
UNPUBLISHED = {"1031"}


def test_every_code_of_the_simulator_is_published() -> None:
    folder = Path(dashboard.sandbox.__file__).parent
    written = {code for file in folder.glob("*.py") for code in re.findall(r'"(\d{4})"', file.read_text("utf-8"))}
    answered = written | {step.code for step in table()}

    assert {"2304", "0810", "1012", "2215"} <= answered
    assert answered - {row.code for row in result_codes()} == UNPUBLISHED


@pytest.mark.parametrize("changes", [{"job_id": "other"}, {"user_id": "other"}])
def test_unknown_job_is_2304(client: FlaskClient, changes: dict[str, str]) -> None:
    client.post("/v1/upload", json=calls.upload_body(calls.params()))

    answer = client.post("/v1/job_status", json=calls.status_body(**changes))

    assert (answer.status_code, answer.json) == (400, {"code": "2304", "error": "Job not found"})


def test_unknown_link_carries_no_code(client: FlaskClient) -> None:
    answer = client.post("/v1/smile_links/none", json=calls.signed())

    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("path", "partner_field", "body"),
    [
        ("/v1/upload", "smile_client_id", calls.upload_body(calls.params("job-up"))),
        ("/v1/id_verification", "partner_id", calls.lookup_body(calls.params("job-id", 5))),
        (
            "/v1/business_verification",
            "partner_id",
            calls.lookup_body(
                calls.params("job-kyb", 7), id_type="BUSINESS_REGISTRATION", id_number="0000000", business_type="co"
            ),
        ),
    ],
)
def test_client_that_signs_with_sec_key_is_older_than_source_sdk(
    build: Callable[..., Flask], path: str, partner_field: str, body: dict[str, Any]
) -> None:
    app = build(require_source_sdk=True)
    client, sandbox = app.test_client(), of(app)
    plain = {name: value for name, value in body.items() if name not in (*calls.SDK, "timestamp", "signature")}
    old = calls.sec_key_signed(sandbox.signer.legacy_key.public_key(), int(time.time() * 1000), partner_field)
    new = calls.signed(partner_field=partner_field)

    refused = client.post(path, json={**plain, **new})
    taken = client.post(path, json={**plain, **old})

    assert (refused.status_code, refused.json["code"]) == (400, "2213")
    assert taken.status_code == 200, taken.json


def test_oldest_client_signs_without_source_sdk_too(client: FlaskClient) -> None:
    """smile-identity-core 1.3.0 with `signature: true` sends a signature and does not name itself."""
    body = {name: value for name, value in calls.upload_body(calls.params()).items() if name not in calls.SDK}

    assert client.post("/v1/upload", json=body).json["code"] == "2202"


@pytest.mark.parametrize("product", ["document_verification", "doc_verification"])
def test_token_takes_both_names_of_document_verification(client: FlaskClient, product: str) -> None:
    body = {**calls.signed(), "user_id": "u", "job_id": "j", "product": product, "callback_url": "http://127.0.0.1:9/h"}

    answer = client.post("/v1/token", json=body)

    assert (answer.status_code, answer.json["success"]) == (200, True)
