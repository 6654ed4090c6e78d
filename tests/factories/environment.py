"""The environment that a command reads, as an operator sets it."""

import pytest

from dashboard.config import Settings
from tests.conftest import SECRET_KEY


def set_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings, encryption_keys: str) -> None:
    """Of a deployment with the folder and the database of `settings`."""
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": encryption_keys,
        "PUBLIC_URL": "http://localhost",
        "SMILE_SERVER": "http://127.0.0.1:9/v1",
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": "test-api-key-0001",
        "INSTANCE_DIR": str(settings.instance_dir),
        "DATABASE_URL": settings.database_url,
        "QUEUE_URL": "recording",
    }.items():
        monkeypatch.setenv(f"DASHBOARD_{name}", value)
