"""The worker killed with -9 fifty times at random while jobs of both APIs run: none charged twice, none stuck."""

import random
import time
from pathlib import Path
from typing import Any

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.factories.images import make_jpeg
from tests.factories.v3 import make_v3_job
from tests.integration.conftest import Deployment, start_deployment
from tests.integration.jobs.dying_worker import start_worker

KILLS = 50
V3_PRODUCTS = (Product.BIOMETRIC_KYC, Product.ENHANCED_KYC)
SECONDS_FOR_LAST_CALLBACKS = 5.0
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000"}


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, ("sandbox", "web"))
    worker = start_worker(deployment.environment)
    chance = random.Random(50)
    selfie = {"selfie": ("selfie.jpg", make_jpeg(1), "image/jpeg")}
    try:
        staff = deployment.staff()
        jobs: list[str] = []
        v3_jobs: list[Job] = []
        for _ in range(KILLS):
            jobs.append(staff.create_job({"product": "biometric_kyc", **BVN}, selfie))
            jobs.append(staff.create_job({"product": "enhanced_kyc", **BVN}))
            v3_jobs += [make_v3_job(deployment.database, deployment.settings(), product) for product in V3_PRODUCTS]
            # It starts within a few tenths of a second; the kill falls before, within and after its first work.
            time.sleep(chance.uniform(0.1, 1.5))
            worker.kill()
            worker.join(10)
            worker = start_worker(deployment.environment)
        ended = [staff.wait_for(job, lambda job: job["state"] in ("done", "failed"), seconds=120) for job in jobs]
        for job in v3_jobs:
            staff.wait_for(str(job.id), _is_over, seconds=120)
        time.sleep(SECONDS_FOR_LAST_CALLBACKS)
        v3_ended = [staff.job(str(job.id)) for job in v3_jobs]
        charged = deployment.charged()
        v3_charged = _charged_by_user(deployment)
    finally:
        worker.kill()
        worker.join(10)
        deployment.stop()
    stuck = sum(job["state"] != "done" for job in ended)
    twice = sum(count > 1 for count in charged.values())
    v3_stuck = sum(job["outcome"] != "approved" and job["needs"] != ["maybe_charged"] for job in v3_ended)
    v3_twice = sum(v3_charged.get(job["user_id"], 0) > 1 for job in v3_ended)
    left = sum(job["needs"] == ["maybe_charged"] for job in v3_ended)
    of, of_v3 = f"of {len(jobs)}", f"of {len(v3_jobs)}"
    left_words = f"{left} left to a person"
    return [
        Figure(f"{KILLS} kills of the worker, jobs charged twice", twice, of, 0, is_at_least=False),
        Figure(f"{KILLS} kills of the worker, jobs stuck or failed", stuck, of, 0, is_at_least=False),
        Figure(f"{KILLS} kills of the worker, jobs of v3 charged twice", v3_twice, of_v3, 0, is_at_least=False),
        Figure(
            f"{KILLS} kills of the worker, jobs of v3 stuck", v3_stuck, of_v3, 0, is_at_least=False, details=left_words
        ),
    ]


def _is_over(job: dict[str, Any]) -> bool:
    """Settled, or left to a person until its callback comes."""
    return job["state"] in ("done", "failed") or "maybe_charged" in job["needs"]


def _charged_by_user(deployment: Deployment) -> dict[str, int]:
    """How often Smile charged for each user: each has one job of v3, whose id Smile makes."""
    found: dict[str, int] = {}
    for job in deployment.sandbox("GET", "/_sandbox/jobs.json").values():
        found[job["user_id"]] = found.get(job["user_id"], 0) + job["charged"]
    return found
