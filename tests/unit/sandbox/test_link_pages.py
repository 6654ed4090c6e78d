"""The pages behind Smile Links: who may open one, what it starts, and what it counts."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from tests.unit.sandbox import calls

BVN = {"country": "NG", "id_type": "BVN", "verification_method": "enhanced_kyc"}
LINK = {
    "name": "Onboarding",
    "company_name": "Sample Partner",
    "callback_url": "http://127.0.0.1:9/hook",
    "data_privacy_policy_url": "https://partner.example/privacy",
    "logo_url": "https://partner.example/logo.png",
    "is_single_use": False,
    "id_types": [BVN],
    "partner_params": {"branch": "12"},
}


@pytest.fixture
def make(client: FlaskClient) -> Callable[..., str]:
    """The path of a new link's page."""

    def new(**changes: Any) -> str:
        return f"/links/002/{client.post('/v1/smile_links', json={**calls.signed(), **LINK, **changes}).json['ref_id']}"

    return new


def verify(client: FlaskClient, path: str, number: str = "00000000000") -> Any:
    started = client.post(f"{path}/start", json=BVN).json
    body = {**calls.SDK, **BVN, "partner_id": "002", "id_number": number, "token": started["token"]}
    return client.post("/v1/async_id_verification", json={**body, "partner_params": {}})


def test_opening_the_page_spends_nothing(client: FlaskClient, make: Callable[..., str]) -> None:
    path = make(is_single_use=True)

    statuses = {client.get(path).status_code for _ in range(3)}

    assert statuses == {200}
    assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


def test_token_of_a_link_names_its_person_its_extras_and_a_fresh_job(
    client: FlaskClient, make: Callable[..., str]
) -> None:
    path = make(user_id="user-7")

    tokens = [client.post(f"{path}/start", json=BVN).json["token"] for _ in range(2)]
    one, other = (
        json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["partner_params"] for token in tokens
    )

    assert (one["user_id"], one["branch"], one["job_type"]) == ("user-7", "12", 5)
    assert one["job_id"] != other["job_id"]


def test_link_counts_its_settled_jobs(
    client: FlaskClient, make: Callable[..., str], pass_time: Callable[[], None]
) -> None:
    path = make()

    assert verify(client, path).json == verify(client, path, "00000000001").json == {"success": True}
    pass_time()
    verify(client, path)  # Still waiting for its result.
    shown = client.post(f"/v1/smile_links/{path.split('/')[-1]}", json=calls.signed()).json

    assert (shown["total_jobs"], shown["successful_jobs"], shown["failed_jobs"]) == (3, 1, 1)


def test_id_type_that_the_link_does_not_list_is_refused(client: FlaskClient, make: Callable[..., str]) -> None:
    answer = client.post(f"{make()}/start", json={**BVN, "verification_method": "biometric_kyc"})

    assert (answer.status_code, answer.json["code"]) == (400, "2213")


def test_closed_links_say_why_and_start_nothing(client: FlaskClient, make: Callable[..., str]) -> None:
    disabled, used = make(), make(is_single_use=True)
    client.put(f"/v1/smile_links/{disabled.split('/')[-1]}", json={**calls.signed(), "is_disabled": True})
    verify(client, used)

    for path, reason, status in (
        (disabled, "switched off", 410),
        (used, "has been used", 410),
        ("/links/002/unknown", "does not exist", 404),
        (disabled.replace("/002/", "/003/"), "does not exist", 404),
    ):
        page = client.get(path)
        assert (page.status_code, reason in page.text) == (status, True)
        assert client.post(f"{path}/start", json=BVN).status_code == 410


def test_link_expires_when_it_said_it_would(client: FlaskClient, make: Callable[..., str]) -> None:
    with time_machine.travel("2026-01-15T09:30:00Z", tick=False):
        path = make(expires_at="2026-01-16T09:30:00.000Z")
        assert client.get(path).status_code == 200

    with time_machine.travel("2026-01-16T09:30:00Z", tick=False):
        page = client.get(path)

    assert (page.status_code, "has expired" in page.text) == (410, True)
