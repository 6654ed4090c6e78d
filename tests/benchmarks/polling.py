"""A poll that finds nothing new, signed in, beside "hello" on the same server in the same run."""

import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.load import requests_per_second
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import free_port, start_deployment, wait_until_up

ROUNDS = 5


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, ("sandbox", "web", "worker"))
    hello_port = free_port()
    hello = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.hello", str(hello_port)])
    try:
        wait_until_up(f"http://127.0.0.1:{hello_port}/", hello)
        staff = deployment.staff()
        request = {"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "id_number": "00000000000"}
        job_id = staff.create_job(request)
        staff.wait_for(job_id, lambda job: job["state"] == "done")
        page = staff.get(f"/jobs/{job_id}/status").text
        assert "data-poll" not in page  # final; its version is asked for all the same, as an open page would before
        headers = {"Cookie": "; ".join(f"{c.name}={c.value}" for c in staff.http.cookies), "HX-Request": "true"}
        version = _version(deployment.database, job_id)
        poll = f"{deployment.web_url}/jobs/{job_id}/status?seen={version}"
        rounds = []
        for _ in range(ROUNDS):
            base = requests_per_second(f"http://127.0.0.1:{hello_port}/", {}, 200)
            rounds.append((requests_per_second(poll, headers, 204), base))
    finally:
        hello.terminate()
        hello.wait(10)
        deployment.stop()
        shutil.rmtree(folder, ignore_errors=True)
    ratio = median(mine / base for mine, base in rounds)
    speeds = f"{median(mine for mine, _ in rounds):.0f}/s beside {median(base for _, base in rounds):.0f}/s"
    return [Figure("a poll that finds nothing new, of hello", ratio, "x", 0.40, details=speeds)]


def _version(database: Database, job_id: str) -> int:
    from uuid import UUID

    from sqlmodel import select

    from dashboard.jobs.models import Job

    with database.reading() as session:
        return session.exec(select(Job.version).where(Job.id == UUID(job_id))).one()
