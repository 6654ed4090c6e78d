"""The worker killed with -9 at every saved step: nothing is charged twice, nothing is stuck."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Deployment
from tests.integration.jobs.dying_worker import ID_API_POINTS, UPLOAD_POINTS
from tests.integration.jobs.test_every_product import BVN, SELFIE

SCRIPT = Path(__file__).with_name("dying_worker.py")
UPLOAD = ({"product": "biometric_kyc", **BVN}, SELFIE)
ID_API = ({"product": "enhanced_kyc", **BVN}, None)


@pytest.mark.parametrize(
    ("point", "request_and_files"),
    [(point, UPLOAD) for point in UPLOAD_POINTS] + [(point, ID_API) for point in ID_API_POINTS],
)
def test_a_worker_killed_at_this_point_charges_once_and_leaves_nothing_stuck(
    shared_deployment: Deployment, point: str, request_and_files: tuple[dict[str, Any], Any]
) -> None:
    deployment, (request, files) = shared_deployment, request_and_files
    staff = deployment.staff()
    if "worker" in deployment.processes:
        deployment.kill("worker")
    job_id = staff.create_job(request, files)

    doomed = subprocess.run(
        [sys.executable, SCRIPT, point], env=deployment.environment, cwd=SCRIPT.parents[3], timeout=30, check=False
    )
    assert doomed.returncode == -9, "the worker did not reach the point at which it should die"
    deployment.start("worker")

    job = staff.wait_for(job_id, lambda job: job["state"] in ("done", "failed"))
    assert (job["state"], job["outcome"]) == ("done", "approved"), job["last_error"]
    assert deployment.charged()[job["job_id"]] == 1
