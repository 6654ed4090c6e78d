"""job_status: what it says at each point of a job's life."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.sandbox import calls


def status(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/v1/job_status", json=calls.status_body(**changes))


def test_prepared_job_waits_for_its_zip(client: FlaskClient) -> None:
    client.post("/v1/upload", json=calls.upload_body(calls.params()))

    answer = status(client).json

    assert answer["signature"] == calls.hmac_signature(answer["timestamp"])
    assert (answer["job_complete"], answer["job_success"]) == (False, False)
    assert (answer["code"], answer["result"]) == ("2314", "No zip file received")


@pytest.mark.parametrize("changes", [{"job_id": "other"}, {"user_id": "other"}])
def test_unknown_job_has_its_own_code(client: FlaskClient, changes: dict[str, str]) -> None:
    client.post("/v1/upload", json=calls.upload_body(calls.params()))

    answer = status(client, **changes)

    assert (answer.status_code, answer.json["code"]) == (400, "2304")


def test_status_of_an_unknown_job_can_be_chosen(build: Callable[..., Flask]) -> None:
    client = build(unknown_job_status=404).test_client()

    answer = status(client)

    assert (answer.status_code, answer.json) == (404, {"code": "2304", "error": "Job not found"})


def test_history_and_links_come_only_when_asked_for(submit: Callable[..., dict[str, Any]], client: FlaskClient) -> None:
    submit(calls.params())

    bare, full = status(client).json, status(client, history=True, image_links=True).json

    assert not {"history", "image_links"} & set(bare)
    assert [entry["ResultCode"] for entry in full["history"]] == ["0810"]
    assert client.get(full["image_links"]["selfie_image"]).data == calls.JPEG


def test_null_flags_mean_no(submit: Callable[..., dict[str, Any]], client: FlaskClient) -> None:
    submit(calls.params())

    assert "history" not in status(client, history=None, image_links=None).json


def test_flags_of_another_type_are_2204(client: FlaskClient) -> None:
    assert status(client, history="true").json["code"] == "2204"


def test_links_of_a_job_without_images_say_so(client: FlaskClient) -> None:
    client.post("/v1/id_verification", json=calls.lookup_body(calls.params(job_type=5)))

    assert list(status(client, image_links=True).json["image_links"]) == ["error"]


def test_image_link_runs_out(build: Callable[..., Flask]) -> None:
    client = build(image_link_lifetime_seconds=-2).test_client()
    prepared = client.post("/v1/upload", json=calls.upload_body(calls.params())).json
    client.put(prepared["upload_url"], data=calls.make_zip(), content_type="application/zip")
    link = f"/images/{prepared['smile_job_id']}/selfie_image.jpg"

    unsigned = client.get(link)

    assert unsigned.status_code == 403
    assert unsigned.mimetype == "application/xml"


def test_receipt_appears_with_the_result(submit: Callable[..., dict[str, Any]], client: FlaskClient) -> None:
    answer = submit(
        calls.params(job_type=6),
        calls.make_zip([calls.inline(2), calls.inline(3)], {}, {"country": "NG"}),
    )

    assert answer["kyc_receipt"].endswith("/generate_pdf")
    assert client.get(answer["kyc_receipt"]).status_code == 401


def test_provisional_result_can_be_reported_as_incomplete(build: Callable[..., Flask]) -> None:
    client = build(provisional_is_complete=False).test_client()
    body = calls.lookup_body(calls.params(job_type=5, sandbox_result="2"))

    client.post("/v1/id_verification", json=body)

    assert status(client).json["job_complete"] is False
