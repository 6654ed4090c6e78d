"""Prep upload, and the object store behind the address it hands out."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.store import User
from tests.unit.sandbox import calls


def prepare(client: FlaskClient, job_id: str = "job-1", job_type: int = 4, **changes: Any) -> Any:
    return client.post("/v1/upload", json=calls.upload_body(calls.params(job_id, job_type), **changes))


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_prepared_job_answers_in_the_published_shape(client: FlaskClient) -> None:
    answer = prepare(client).json

    assert set(answer) == {"upload_url", "ref_id", "smile_job_id", "camera_config", "code"}
    assert answer["code"] == "2202"
    assert re.fullmatch(r"\d{10}", answer["smile_job_id"])
    assert answer["ref_id"].startswith(f"002-{answer['smile_job_id']}-")


def test_address_repeats_scheme_and_host_of_the_call(client: FlaskClient) -> None:
    body = calls.upload_body(calls.params())

    answer = client.post("/v1/upload", json=body, base_url="https://simulator.example:8443").json

    assert answer["upload_url"].startswith("https://simulator.example:8443/uploads/")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partner_params": None}, "2213"),
        ({"partner_params": "text"}, "2204"),
        ({"partner_params": {"user_id": "u", "job_id": "j"}}, "2213"),
        ({"partner_params": calls.params(job_type=True)}, "2204"),
        ({"partner_params": {**calls.params(), "user_id": 7}}, "2204"),
        ({"partner_params": {**calls.params(), "job_id": " "}}, "2213"),
        ({"partner_params": calls.params(job_type=5)}, "2212"),
        ({"partner_params": calls.params(job_type=99)}, "2212"),
        ({"partner_params": {**calls.params(), "job_type": "9" * 5000}}, "2204"),
        ({"partner_params": calls.params(sandbox_result=0)}, "2204"),
        ({"partner_params": calls.params(sandbox_result="3")}, "2204"),
        ({"callback_url": 1}, "2204"),
        ({"callback_url": "ftp://example.com/x"}, "2204"),
        ({"use_enrolled_image": "false"}, "2204"),
        ({"retry": "true"}, "2204"),
        ({"model_parameters": []}, "2204"),
        ({"source_sdk": 7}, "2204"),
    ],
)
def test_each_broken_field_is_refused(client: FlaskClient, changes: dict[str, Any], code: str) -> None:
    assert code_of(prepare(client, **changes)) == (400, code)


def test_job_type_as_digits_is_tolerated(client: FlaskClient) -> None:
    assert prepare(client, partner_params={**calls.params(), "job_type": "4"}).status_code == 200


def test_used_job_id_is_2215(client: FlaskClient) -> None:
    prepare(client)

    assert code_of(prepare(client)) == (400, "2215")


def test_retry_reopens_a_job_until_its_zip_arrived(client: FlaskClient) -> None:
    first = prepare(client).json

    again = prepare(client, retry=True).json
    client.put(again["upload_url"], data=calls.make_zip(), content_type="application/zip")

    assert again["smile_job_id"] == first["smile_job_id"]
    assert code_of(prepare(client, retry=True)) == (400, "2215")


def test_retry_for_another_user_is_2215(client: FlaskClient) -> None:
    prepare(client)

    other = prepare(client, retry=True, partner_params=calls.params(user_id="user-2"))

    assert code_of(other) == (400, "2215")


@pytest.mark.parametrize("job_type", [2, 8])
def test_job_types_that_compare_need_an_enrolled_user(client: FlaskClient, job_type: int) -> None:
    assert code_of(prepare(client, job_type=job_type)) == (400, "2210")


def test_enrolled_image_needs_an_enrolled_user(client: FlaskClient) -> None:
    assert code_of(prepare(client, job_type=6, use_enrolled_image=True)) == (400, "2210")


@pytest.mark.parametrize("job_type", [1, 4])
def test_enrolled_user_is_not_enrolled_twice(client: FlaskClient, sandbox: Sandbox, job_type: int) -> None:
    sandbox.store.save_user(User("user-1", enrolled=True))

    assert code_of(prepare(client, job_type=job_type)) == (400, "2209")
    assert prepare(client, job_type=job_type, allow_new_enroll=True).status_code == 200


@pytest.mark.parametrize(
    ("state", "code"),
    [({"active": False}, "2207"), ({"deleted": True}, "2208"), ({"may_enrol_again": True}, "2211")],
)
def test_state_of_the_enrolment_is_named(
    client: FlaskClient, sandbox: Sandbox, state: dict[str, bool], code: str
) -> None:
    sandbox.store.save_user(User("user-1", enrolled=True, **state))

    assert code_of(prepare(client, job_type=2)) == (400, code)


def test_refused_job_leaves_nothing_behind(client: FlaskClient, sandbox: Sandbox) -> None:
    prepare(client, job_type=2)

    assert sandbox.store.jobs == {}


def test_zip_put_answers_an_empty_200(client: FlaskClient) -> None:
    url = prepare(client).json["upload_url"]

    answer = client.put(url, data=calls.make_zip(), content_type="application/zip")

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/json", ""])
def test_put_with_another_content_type_is_refused_in_xml(client: FlaskClient, content_type: str) -> None:
    url = prepare(client).json["upload_url"]

    answer = client.put(url, data=b"x", content_type=content_type)

    assert answer.status_code == 403
    assert answer.mimetype == "application/xml"
    assert "SignatureDoesNotMatch" in answer.text


def test_expired_address_is_refused_in_xml(build: Callable[..., Flask]) -> None:
    client = build(upload_url_lifetime_seconds=-2).test_client()
    url = prepare(client).json["upload_url"]

    answer = client.put(url, data=calls.make_zip(), content_type="application/zip")

    assert answer.status_code == 403
    assert "AccessDenied" in answer.text


def test_changed_address_is_refused(client: FlaskClient) -> None:
    url = prepare(client).json["upload_url"]

    later = re.sub(r"Expires=\d+", f"Expires={int(time.time()) + 9999}", url)
    answer = client.put(later, data=calls.make_zip(), content_type="application/zip")

    assert answer.status_code == 403


def test_repeated_put_to_one_address_is_charged_once(client: FlaskClient, sandbox: Sandbox) -> None:
    url = prepare(client).json["upload_url"]

    for _ in range(3):
        client.put(url, data=calls.make_zip(), content_type="application/zip")

    job = sandbox.store.jobs["job-1"]
    assert (job.zips, job.charged) == (3, 1)


def test_zip_through_a_second_address_counts_as_a_second_charge(client: FlaskClient, sandbox: Sandbox) -> None:
    urls = [prepare(client).json["upload_url"], prepare(client, retry=True).json["upload_url"]]

    for url in urls:
        client.put(url, data=calls.make_zip(), content_type="application/zip")

    assert (sandbox.store.jobs["job-1"].prepared, sandbox.store.jobs["job-1"].charged) == (2, 2)


def test_browser_may_upload_from_another_origin(client: FlaskClient) -> None:
    answer = client.options("/v1/upload", headers={"Access-Control-Request-Headers": "content-type,smileid-token"})

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type,smileid-token"
