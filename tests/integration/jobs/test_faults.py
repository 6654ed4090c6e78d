"""Each fault of the simulator against each call: a job recovers, or fails with a reason, and staff see no 500."""

from typing import Any

import pytest

from tests.integration.conftest import Deployment, Staff
from tests.integration.jobs.test_every_product import BVN, SELFIE

FAULTS: dict[str, dict[str, Any]] = {
    "500": {"mode": "status", "status": 500},
    "503 after it was processed": {"mode": "status", "status": 503, "when": "after"},
    "slower than the timeout": {"mode": "delay", "delay_seconds": 1.2},
    "dropped before": {"mode": "drop", "when": "before"},
    "dropped after": {"mode": "drop", "when": "after"},
    "garbage": {"mode": "garbage"},
    "cut off": {"mode": "truncate"},
}
UPLOAD = ({"product": "biometric_kyc", **BVN}, SELFIE)
CALLS: dict[str, tuple[str, tuple[dict[str, Any], Any]]] = {
    "prep upload": ("/v1/upload", UPLOAD),
    "zip": ("/uploads/*", UPLOAD),
    "job_status": ("/v1/job_status", UPLOAD),
    "id_verification": ("/v1/id_verification", ({"product": "enhanced_kyc", **BVN}, None)),
    "verify": (
        "/v2/verify",
        ({"product": "basic_kyc", **BVN, "first_name": "Amina", "last_name": "Bello"}, None),
    ),
    "business_verification": (
        "/v1/business_verification",
        (
            {
                "product": "business_verification",
                "country": "NG",
                "id_type": "BUSINESS_REGISTRATION",
                "id_number": "0000000",
                "business_type": "co",
            },
            None,
        ),
    ),
}


@pytest.fixture
def staff(shared_deployment: Deployment) -> Staff:
    shared_deployment.sandbox("DELETE", "/_sandbox/faults")
    return shared_deployment.staff()


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_twice_is_recovered_from_without_a_second_charge(
    shared_deployment: Deployment, staff: Staff, call: str
) -> None:
    path, (request, files) = CALLS[call]

    for name, fault in FAULTS.items():
        shared_deployment.sandbox("DELETE", "/_sandbox/faults")
        shared_deployment.sandbox("POST", "/_sandbox/faults", json={"path": path, "times": 2, **fault})
        job_id = staff.create_job(request, files)

        job = staff.wait_for(job_id, lambda job: job["state"] in ("done", "failed"))

        assert (job["state"], job["outcome"]) == ("done", "approved"), (name, job["last_error"], job["events"])
        assert shared_deployment.charged()[job["job_id"]] == 1, name
        assert staff.get(f"/jobs/{job_id}").status_code == 200


def test_a_refused_key_fails_the_job_with_what_to_do(shared_deployment: Deployment, staff: Staff) -> None:
    fault = {"path": "/v1/id_verification", "times": 1, "mode": "status", "status": 403}
    shared_deployment.sandbox("POST", "/_sandbox/faults", json=fault)

    job_id = staff.create_job({"product": "enhanced_kyc", **BVN})

    job = staff.wait_for(job_id, lambda job: job["state"] == "failed")
    assert "Smile refused this (HTTP 403)" in job["last_error"]
    assert job["settled_at"]
    page = staff.get(f"/jobs/{job_id}")
    assert page.status_code == 200
    assert "Smile refused this" in page.text


def test_smile_being_away_for_good_ends_in_failed_and_never_in_silence(
    shared_deployment: Deployment, staff: Staff
) -> None:
    fault = {"path": "/v1/*", "mode": "status", "status": 502}
    shared_deployment.sandbox("POST", "/_sandbox/faults", json=fault)

    job_id = staff.create_job({"product": "enhanced_kyc", **BVN})

    job = staff.wait_for(job_id, lambda job: job["state"] == "failed", seconds=60)
    assert "All attempts are used up" in job["last_error"]
    assert staff.get("/jobs/new?product=enhanced_kyc&country=NG").status_code == 200
    assert "Failed" in staff.get("/jobs?needs=failed").text


def test_lists_of_services_that_fail_leave_a_form_that_works(shared_deployment: Deployment, staff: Staff) -> None:
    for path in ("/v1/services", "/v1/products_config"):
        for fault in FAULTS.values():
            shared_deployment.sandbox("POST", "/_sandbox/faults", json={"path": path, "times": 1, **fault})

    page = staff.get("/jobs/new?product=biometric_kyc&country=NG&id_type=BVN")

    assert page.status_code == 200
    assert 'name="id_number"' in page.text


def test_no_log_of_any_process_shows_a_traceback(shared_deployment: Deployment) -> None:
    logs = shared_deployment.logs()

    assert "Traceback" not in logs
    assert "task_failed" not in logs
    assert "request_failed" not in logs
