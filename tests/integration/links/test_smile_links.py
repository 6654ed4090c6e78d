"""Smile Links against the simulator over real HTTP: made, opened, used, counted, disabled, and every call failing."""

import time
from typing import Any

import pytest
import requests

from dashboard.smile import SmileLinks
from tests.integration.conftest import API_KEY, PARTNER_ID, Deployment, Staff
from tests.integration.jobs.test_faults import FAULTS

BVN = {"country": "NG", "id_type": "BVN", "verification_method": "enhanced_kyc"}
FORM = {"kind": "smile", "choice": "NG:BVN:enhanced_kyc", "expires_in_days": "90", "uses": "10000"}
SDK = {"source_sdk": "rest_api", "source_sdk_version": "1.0.0"}
FAILING: dict[str, dict[str, Any]] = {**FAULTS, "refused": {"mode": "status", "status": 403}}
SECONDS_TO_SETTLE = 30


@pytest.fixture
def staff(shared_deployment: Deployment) -> Staff:
    shared_deployment.sandbox("DELETE", "/_sandbox/faults")
    return shared_deployment.staff()


def create(staff: Staff) -> str:
    """The address of the new link's page."""
    answer = staff.post("/links", FORM)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def press(staff: Staff, page: str, action: str) -> dict[str, Any]:
    """The link as it stands after a press on its page."""
    answer = staff.post(f"{page}/{action}")
    assert answer.status_code == 303, answer.text
    return read(staff, page)


def read(staff: Staff, page: str) -> dict[str, Any]:
    assert staff.get(page).status_code == 200
    return dict(staff.get(f"{page}.json").json())


def links_at_smile(deployment: Deployment, link: dict[str, Any]) -> list[dict[str, Any]]:
    listed = SmileLinks(PARTNER_ID, API_KEY, f"{deployment.sandbox_url}/v1").list()["links"]
    return [each for each in listed if each["partner_params"] == {"link_id": link["id"]}]


def verify_as_customer(deployment: Deployment, address: str, number: str) -> None:
    started = requests.post(f"{address}/start", json=BVN, timeout=30).json()
    body = {
        **SDK,
        **BVN,
        "partner_id": PARTNER_ID,
        "id_number": number,
        "token": started["token"],
        "partner_params": {},
    }
    deployment.sandbox("POST", "/v1/async_id_verification", json=body)


def test_link_is_made_used_counted_and_disabled(shared_deployment: Deployment, staff: Staff) -> None:
    page = create(staff)
    made = read(staff, page)
    opened = requests.get(made["smile_address"], timeout=30)
    for number in ("00000000000", "00000000001"):
        verify_as_customer(shared_deployment, made["smile_address"], number)
    counted = press(staff, page, "counters")
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while counted["smile_successful_jobs"] + counted["smile_failed_jobs"] < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        counted = press(staff, page, "counters")
    disabled = press(staff, page, "disabling")
    closed = requests.get(made["smile_address"], timeout=30)

    assert (made["stage"], opened.status_code) == ("created", 200)
    [at_smile] = links_at_smile(shared_deployment, made)
    assert at_smile["callback_url"] == f"{shared_deployment.web_url}/hooks/smile"
    assert (counted["smile_total_jobs"], counted["smile_successful_jobs"], counted["smile_failed_jobs"]) == (2, 1, 1)
    assert counted["stage"] == "submitted"
    assert (disabled["stage"], closed.status_code) == ("revoked", 410)


@pytest.mark.parametrize("name", FAILING)
def test_creation_that_fails_ends_with_one_link_after_the_next_try(
    shared_deployment: Deployment, staff: Staff, name: str
) -> None:
    fault = {"path": "/v1/smile_links", "times": 1, **FAILING[name]}
    shared_deployment.sandbox("POST", "/_sandbox/faults", json=fault)

    page = create(staff)
    failed = read(staff, page)
    made = press(staff, page, "creation")

    assert (failed["smile_ref_id"], bool(failed["last_error"])) == (None, True)
    assert (bool(made["smile_ref_id"]), made["last_error"]) == (True, None)
    assert [each["ref_id"] for each in links_at_smile(shared_deployment, made)] == [made["smile_ref_id"]]


def test_link_is_disabled_once_smile_has_said_so(shared_deployment: Deployment, staff: Staff) -> None:
    page = create(staff)
    ref_id = read(staff, page)["smile_ref_id"]

    for fault in FAILING.values():
        shared_deployment.sandbox(
            "POST", "/_sandbox/faults", json={"path": f"/v1/smile_links/{ref_id}", "times": 1, **fault}
        )
        failed = press(staff, page, "disabling")
        shared_deployment.sandbox("DELETE", "/_sandbox/faults")
        assert (failed["revoked_at"], "the link may still work" in failed["last_error"]) == (None, True), fault
    disabled = press(staff, page, "disabling")

    assert (disabled["stage"], disabled["last_error"]) == ("revoked", None)


def test_counters_survive_failures(shared_deployment: Deployment, staff: Staff) -> None:
    page = create(staff)
    ref_id = read(staff, page)["smile_ref_id"]

    for fault in (FAILING["500"], FAILING["garbage"], FAILING["refused"]):
        shared_deployment.sandbox(
            "POST", "/_sandbox/faults", json={"path": f"/v1/smile_links/{ref_id}", "times": 3, **fault}
        )
        failed = press(staff, page, "counters")
        shared_deployment.sandbox("DELETE", "/_sandbox/faults")
        read_again = press(staff, page, "counters")

        assert failed["stage"] == "created"
        assert (read_again["smile_total_jobs"], read_again["last_error"]) == (0, None), fault


def test_no_log_of_any_process_shows_a_traceback(shared_deployment: Deployment) -> None:
    logs = shared_deployment.logs()

    assert "Traceback" not in logs
    assert "request_failed" not in logs
