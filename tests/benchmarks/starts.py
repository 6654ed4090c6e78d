"""Two hundred parallel Starts of a single-use link, twenty times over: exactly one wins each time."""

from collections import Counter
from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.benchmarks.report import Figure
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import start_deployment
from tests.integration.links.parallel_starts import PHONES, race

ROUNDS = 20


def measure(folder: Path) -> list[Figure]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, ("sandbox", "web"), DASHBOARD_TRUSTED_PROXIES="1")
    try:
        answers, spent = race(deployment, ROUNDS)
    finally:
        deployment.stop()
    fair = sum(each == {200: 1, 404: PHONES - 1} for each in answers)
    details = f"answers {dict(sum(answers, Counter()))}, uses spent {sum(spent)}"
    return [Figure(f"{PHONES} parallel Starts, rounds with one winner", fair, f"of {ROUNDS}", ROUNDS, details=details)]
