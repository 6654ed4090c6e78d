"""A poll that finds nothing new, signed in, beside "hello" on the same server in the same run."""

from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from statistics import median
from uuid import UUID

from sqlmodel import select

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.jobs.models import Job
from tests.benchmarks.load import drive, get_request
from tests.benchmarks.report import Figure
from tests.benchmarks.serving import serve
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import start_deployment

ROUNDS = 5
CLIENTS = 8


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, ("sandbox", "web", "worker"))
    with serve("hello", folder) as hello, ExitStack() as stack:
        stack.callback(deployment.stop)
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
            base = drive(hello, repeat(get_request(hello + "/")), 200, clients=CLIENTS).per_second
            mine = drive(poll, repeat(get_request(poll, headers)), 204, clients=CLIENTS).per_second
            rounds.append((mine, base))
    ratio = median(mine / base for mine, base in rounds)
    speeds = f"{median(mine for mine, _ in rounds):.0f}/s beside {median(base for _, base in rounds):.0f}/s"
    return [Figure("a poll that finds nothing new, of hello", ratio, "x", 0.40, details=speeds)]


def _version(database: Database, job_id: str) -> int:
    with database.reading() as session:
        return session.exec(select(Job.version).where(Job.id == UUID(job_id))).one()
