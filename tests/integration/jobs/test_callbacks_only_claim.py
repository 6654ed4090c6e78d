"""A callback never decides: what it claims stands beside what Smile confirms, and an alarm says when they differ."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.conftest import Deployment
from tests.integration.jobs.silence import settle_in_silence
from tests.integration.jobs.test_every_product import BVN, SELFIE

pytestmark = pytest.mark.both_engines

REQUEST = {"product": "biometric_kyc", **BVN}


def test_a_lying_callback_raises_an_alarm_and_changes_nothing(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy()
    staff = deployment.staff()
    deployment.sandbox("POST", "/_sandbox/callbacks", json={"mode": "lying"})

    job_id = staff.create_job(REQUEST, SELFIE)

    job = staff.wait_for(job_id, lambda job: job["disagreement"] is not None)
    assert job["outcome"] == "approved"
    assert "claimed rejected" in job["disagreement"]
    assert "Disagreement" in staff.get(f"/jobs/{job_id}").text
    assert "1 disagreement" in staff.get("/jobs").text


@pytest.mark.parametrize(
    ("mode", "verdicts"),
    [
        ("never", set()),
        ("bad_signature", set()),  # refused at the door, so the job never hears of it
        ("stale", {"stale"}),
        ("duplicate", {"valid"}),
        ("out_of_order", {"valid"}),
    ],
)
def test_a_job_settles_whatever_its_callbacks_do(shared_deployment: Deployment, mode: str, verdicts: set[str]) -> None:
    staff = shared_deployment.staff()
    shared_deployment.sandbox("POST", "/_sandbox/callbacks", json={"mode": mode})

    job_id = staff.create_job(REQUEST, SELFIE)

    job = staff.wait_for(job_id, lambda job: job["state"] == "done" and job["outcome"] != "provisional")
    assert job["outcome"] == "approved"
    if verdicts:
        job = staff.wait_for(job_id, lambda job: job["callbacks"])
        assert {callback["verdict"] for callback in job["callbacks"]} == verdicts
    else:
        job = staff.wait_for(job_id, lambda job: job["callback_overdue"])
        staff.wait_for(job_id, lambda job: any(event["kind"] == "overdue" for event in job["events"]))
        assert "overdue" in staff.get("/jobs?needs=overdue").text


def test_all_jobs_settle_when_smile_never_calls_back(shared_deployment: Deployment) -> None:
    settled = settle_in_silence(shared_deployment, 12, seconds=60)

    assert settled.codes == Counter({"0810": 9, "1210": 3})
    assert settled.callbacks == 0
