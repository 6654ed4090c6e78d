"""The worker killed with -9 fifty times at random while jobs run: none charged twice, none stuck."""

import random
import time
from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.factories.images import make_jpeg
from tests.integration.conftest import start_deployment
from tests.integration.jobs.dying_worker import start_worker

KILLS = 50
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
        jobs = []
        for _ in range(KILLS):
            jobs.append(staff.create_job({"product": "biometric_kyc", **BVN}, selfie))
            jobs.append(staff.create_job({"product": "enhanced_kyc", **BVN}))
            # It starts within a few tenths of a second; the kill falls before, within and after its first work.
            time.sleep(chance.uniform(0.1, 1.5))
            worker.kill()
            worker.join(10)
            worker = start_worker(deployment.environment)
        ended = [staff.wait_for(job, lambda job: job["state"] in ("done", "failed"), seconds=120) for job in jobs]
        charged = deployment.charged()
    finally:
        worker.kill()
        worker.join(10)
        deployment.stop()
    stuck = sum(job["state"] != "done" for job in ended)
    twice = sum(count > 1 for count in charged.values())
    return [
        Figure(f"{KILLS} kills of the worker, jobs charged twice", twice, f"of {len(jobs)}", 0, is_at_least=False),
        Figure(f"{KILLS} kills of the worker, jobs stuck or failed", stuck, f"of {len(jobs)}", 0, is_at_least=False),
    ]
