"""The same worker on each queue that a deployment may choose: beside SQLite, on PostgreSQL, on Redis."""

import os
from collections.abc import Callable

import pytest

from tests.conftest import POSTGRES_URL
from tests.integration.conftest import Deployment
from tests.integration.jobs.test_every_product import BVN, SELFIE

REDIS_URL = os.environ.get("DASHBOARD_TEST_REDIS_URL", "")
QUEUES = {"DASHBOARD_TEST_POSTGRES_URL": POSTGRES_URL, "DASHBOARD_TEST_REDIS_URL": REDIS_URL}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("variable", QUEUES)
def test_a_job_settles_with_its_tasks_on_this_queue(deploy: Callable[..., Deployment], variable: str) -> None:
    if not QUEUES[variable]:
        pytest.skip(f"{variable} is not set: the queue was not tried there")
    deployment = deploy(DASHBOARD_QUEUE_URL=QUEUES[variable])
    staff = deployment.staff()

    job_id = staff.create_job({"product": "biometric_kyc", **BVN}, SELFIE)

    assert staff.wait_for(job_id, lambda job: job["state"] == "done")["outcome"] == "approved"
    assert "task_failed" not in deployment.logs()
