"""The worker killed with -9 at every point of a job of v3: nothing is charged twice, nothing is stuck.

What may have left is never sent again. If Smile has it, its callback binds it; if not, it asks for a person.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from dashboard.smile.constants import SmileApi
from tests.factories.v3 import make_v3_job
from tests.integration.conftest import Deployment, Staff
from tests.integration.jobs.dying_worker import V3_POINTS, start_worker

LATER, AT_ONCE = Product.BIOMETRIC_KYC, Product.ENHANCED_KYC
DROPPED = {"path": "/v3/biometric_kyc", "mode": "drop", "when": "after", "times": 1}


@dataclass(frozen=True)
class End:
    """How a job ends: how often it was charged, and whether it is settled or left to a person."""

    charged: int
    is_settled: bool = True
    is_answer_lost: bool = False  # by a broken connection, before the worker is killed


SETTLED = End(charged=1)
ENDS = {
    (LATER, "before the token"): SETTLED,
    (AT_ONCE, "before the token"): SETTLED,
    (LATER, "before the intent is saved"): SETTLED,
    (LATER, "after the intent is saved"): End(charged=0, is_settled=False),
    (AT_ONCE, "after the intent is saved"): End(charged=0, is_settled=False),
    (LATER, "after the submission, answer not saved"): SETTLED,
    (AT_ONCE, "after the result at once, not saved"): End(charged=1, is_settled=False),
    (LATER, "after the answer is saved"): SETTLED,
    (AT_ONCE, "after the answer is saved"): SETTLED,
    (LATER, "before the status is asked for"): SETTLED,
    (LATER, "after the status, not saved"): SETTLED,
    (LATER, "while binding"): End(charged=1, is_answer_lost=True),
}


@pytest.fixture
def deployment(shared_deployment: Deployment) -> Deployment:
    """Without a worker: each test starts its own."""
    if "worker" in shared_deployment.processes:
        shared_deployment.kill("worker")
    return shared_deployment


def test_every_point_is_in_the_table():
    assert {point for _, point in ENDS} == set(V3_POINTS)


@pytest.mark.parametrize(("product", "point"), ENDS, ids=lambda value: str(value))
def test_a_worker_killed_at_this_point_charges_at_most_once_and_leaves_nothing_stuck(
    deployment: Deployment, product: Product, point: str
):
    end, staff = ENDS[product, point], deployment.staff()
    if end.is_answer_lost:
        deployment.sandbox("POST", "/_sandbox/faults", json=DROPPED)
    job = make_v3_job(deployment.database, deployment.settings(), product)

    doomed = start_worker(deployment.environment, point, SmileApi.V3)
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL, "the worker did not reach the point at which it should die"
    survivor = start_worker(deployment.environment)
    try:
        ended = _wait(staff, job, lambda found: found["state"] == "done" or "maybe_charged" in found["needs"])
        if end.is_settled:  # Until its callback has come, it says that it may have been charged.
            ended = _wait(staff, job, lambda found: found["state"] == "done")
    finally:
        survivor.kill()
        survivor.join(10)

    assert sum(charged_for(deployment, job)) == end.charged
    if end.is_settled:
        assert (ended["state"], ended["outcome"], ended["needs"]) == ("done", "approved", [])
    else:
        assert (ended["state"], ended["outcome"], ended["needs"]) == ("waiting", None, ["maybe_charged"])
        assert "may have been charged" in staff.get(f"/jobs/{job.id}").text
    assert "Traceback" not in deployment.logs()


def _wait(staff: Staff, job: Job, until: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    return staff.wait_for(str(job.id), until, seconds=60)


def charged_for(deployment: Deployment, job: Job) -> list[int]:
    """How often Smile charged for each of its jobs of this user, who has one here."""
    jobs = deployment.sandbox("GET", "/_sandbox/jobs.json").values()
    return [each["charged"] for each in jobs if each["user_id"] == job.user_id]
