"""Every product from the form to its settled job: real web, worker and simulator, on each database."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories.images import make_jpeg
from tests.integration.conftest import Deployment

pytestmark = pytest.mark.both_engines

SELFIE = {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")}
DOCUMENT = SELFIE | {"id_front": ("front.jpg", make_jpeg(2), "image/jpeg")}
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}
PASSPORT = {"country": "GH", "id_type": "PASSPORT"}

# What is asked for, its pictures, and how it must end: state, outcome, result code.
STORIES: dict[str, tuple[dict[str, Any], Any, tuple[str, str | None, str | None]]] = {
    "biometric": ({"product": "biometric_kyc", **BVN}, SELFIE, ("done", "approved", "0810")),
    "registration": (
        {"product": "smartselfie_registration", "user_id": "enrolled-1"},
        SELFIE,
        ("done", "approved", "0810"),
    ),
    "not enrolled": (
        {"product": "smartselfie_authentication", "user_id": "nobody"},
        SELFIE,
        ("failed", None, "2210"),
    ),
    "document rejected": (
        {"product": "document_verification", **PASSPORT, "sandbox_result": "1"},
        DOCUMENT,
        ("done", "rejected", "0812"),
    ),
    "enhanced document": (
        {"product": "enhanced_document_verification", **PASSPORT},
        DOCUMENT,
        ("done", "approved", "0810"),
    ),
    "enhanced kyc": ({"product": "enhanced_kyc", **BVN}, None, ("done", "approved", "1012")),
    "not found": ({"product": "enhanced_kyc", **BVN, "id_number": "00000000001"}, None, ("done", "rejected", "1013")),
    "authority down": ({"product": "enhanced_kyc", **BVN, "id_number": "00000000003"}, None, ("done", "error", "1015")),
    "basic kyc": (
        {"product": "basic_kyc", **BVN, "first_name": "Amina", "last_name": "Bello"},
        None,
        ("done", "approved", "1020"),
    ),
    "business": (
        {
            "product": "business_verification",
            "country": "NG",
            "id_type": "BUSINESS_REGISTRATION",
            "id_number": "0000000",
            "business_type": "co",
        },
        None,
        ("done", "approved", "1012"),
    ),
    "provisional, then final": (
        {"product": "biometric_kyc", **BVN, "sandbox_result": "2"},
        SELFIE,
        ("done", "approved", "1210"),
    ),
}


def test_every_product_settles_as_the_simulator_decides(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy()
    staff = deployment.staff()

    jobs = {name: staff.create_job(data, files) for name, (data, files, _) in STORIES.items()}

    for name, (_, _, expected) in STORIES.items():
        state, outcome, code = expected
        job = staff.wait_for(jobs[name], lambda job, code=code: job["result_code"] == code)
        assert (job["state"], job["outcome"]) == (state, outcome), name
        assert staff.get(f"/jobs/{jobs[name]}").status_code == 200
    # Authentication needs somebody enrolled: now there is one.
    known = staff.create_job({"product": "smartselfie_authentication", "user_id": "enrolled-1"}, SELFIE)
    assert staff.wait_for(known, lambda job: job["state"] == "done")["outcome"] == "approved"
    assert set(deployment.charged().values()) <= {0, 1}
    _check_trail_of(staff.job(jobs["provisional, then final"]))
    _check_no_traces(deployment)


def _check_trail_of(job: dict[str, Any]) -> None:
    """Provisional came first, was confirmed, and both callbacks are told apart from what Smile confirmed."""
    outcomes = [result["outcome"] for result in job["results"] if result["is_confirmed"]]
    assert outcomes == ["provisional", "approved"]
    assert [callback["verdict"] for callback in job["callbacks"]] == ["valid", "valid"]
    assert not job["callback_overdue"]
    assert job["disagreement"] is None


def _check_no_traces(deployment: Deployment) -> None:
    logs = deployment.logs()
    assert "Traceback" not in logs
    assert "task_failed" not in logs
    for secret in ("integration-api-key-0001", "00000000000", "Bello"):
        assert secret not in logs
