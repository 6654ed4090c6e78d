"""Jobs of a Smile that never calls back, as many as are wished: each is settled by asking."""

from collections import Counter
from dataclasses import dataclass

from sqlmodel import func, select

from dashboard.jobs.models import Job
from tests.integration.conftest import Deployment
from tests.integration.jobs.test_every_product import BVN, SELFIE

APPROVED = {"product": "biometric_kyc", **BVN}
REVIEWED = APPROVED | {"sandbox_result": "2"}  # provisional first


@dataclass
class Settled:
    codes: Counter[str]
    callbacks: int  # that came all the same
    most_checks: int  # of one job


def settle_in_silence(deployment: Deployment, count: int, seconds: float) -> Settled:
    """Every fourth job has a provisional result before its final one; `seconds` is what each may take at most."""
    deployment.sandbox("POST", "/_sandbox/callbacks", json={"mode": "never"})
    staff = deployment.staff()
    requests = [REVIEWED if number % 4 == 3 else APPROVED for number in range(count)]
    created = [staff.create_job(request, SELFIE) for request in requests]
    settled = Settled(Counter(), 0, 0)
    for job_id in created:
        job = staff.wait_for(job_id, lambda job: job["state"] == "done" and job["outcome"] == "approved", seconds)
        settled.codes[job["result_code"]] += 1
        settled.callbacks += len(job["callbacks"])
    with deployment.database.reading() as session:
        settled.most_checks = session.exec(select(func.max(Job.checks))).one() or 0
    return settled
