"""Two hundred jobs of each generation of Smile's API at once: every job right, none charged twice."""

from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import start_deployment
from tests.integration.jobs.both_generations import run_both

OF_EACH = 200


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring)
    try:
        seen = run_both(deployment, OF_EACH, seconds=600)
    finally:
        deployment.stop()
    details = f"{seen.jobs} in {seen.seconds:.0f} s; {'; '.join(seen.wrong[:3])}"
    twice = len(seen.charged_twice)
    return [
        Figure(
            "jobs of both generations that end wrong", len(seen.wrong), "jobs", 0, is_at_least=False, details=details
        ),
        Figure("jobs of both generations charged twice or never", twice, "jobs", 0, is_at_least=False),
    ]
