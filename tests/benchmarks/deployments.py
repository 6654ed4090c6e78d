"""Real processes for a benchmark, on an SQLite database that is made for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard import migrations
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import Deployment, start_deployment


@contextmanager
def deployed(folder: Path, *names: str, **extra: str) -> Iterator[Deployment]:
    url = f"sqlite:///{folder / 'dashboard.db'}"
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, names, **extra)
    try:
        yield deployment
    finally:
        deployment.stop()
