"""The worker killed with -9 at every saved step: nothing is charged twice, nothing is stuck."""

import signal
from typing import Any

import pytest

from tests.integration.conftest import Deployment
from tests.integration.jobs.dying_worker import ID_API_POINTS, UPLOAD_POINTS, start_worker
from tests.integration.jobs.test_every_product import BVN, SELFIE

UPLOAD = ({"product": "biometric_kyc", **BVN}, SELFIE)
ID_API = ({"product": "enhanced_kyc", **BVN}, None)


@pytest.fixture
def deployment(shared_deployment: Deployment) -> Deployment:
    """Without a worker: each test starts its own."""
    if "worker" in shared_deployment.processes:
        shared_deployment.kill("worker")
    return shared_deployment


@pytest.mark.parametrize(
    ("point", "request_and_files"),
    [(point, UPLOAD) for point in UPLOAD_POINTS] + [(point, ID_API) for point in ID_API_POINTS],
    ids=[f"zip, {point}" for point in UPLOAD_POINTS] + [f"at once, {point}" for point in ID_API_POINTS],
)
def test_a_worker_killed_at_this_point_charges_once_and_leaves_nothing_stuck(
    deployment: Deployment, point: str, request_and_files: tuple[dict[str, Any], Any]
) -> None:
    request, files = request_and_files
    staff = deployment.staff()
    job_id = staff.create_job(request, files)

    doomed = start_worker(deployment.environment, point)
    doomed.join(30)
    assert doomed.exitcode == -signal.SIGKILL, "the worker did not reach the point at which it should die"
    survivor = start_worker(deployment.environment)

    try:
        job = staff.wait_for(job_id, lambda job: job["state"] in ("done", "failed"))
    finally:
        survivor.kill()
        survivor.join(10)
    assert (job["state"], job["outcome"]) == ("done", "approved"), job["last_error"]
    assert deployment.charged()[job["job_id"]] == 1
