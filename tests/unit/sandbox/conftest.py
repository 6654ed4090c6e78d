"""A simulator in this process. Time passes only when a test lets it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import Sandbox, of
from tests.unit.sandbox import calls


@pytest.fixture(scope="session")
def legacy_key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox-instance")


@pytest.fixture
def settings(legacy_key_folder: Path) -> SandboxSettings:
    return SandboxSettings(
        partner_id=calls.PARTNER_ID,
        api_key=calls.API_KEY,
        instance_dir=legacy_key_folder,
        result_delay_seconds=(0.0, 0.0),
    )


@pytest.fixture
def build(settings: SandboxSettings) -> Iterator[Callable[..., Flask]]:
    """Makes simulators with other settings."""
    apps: list[Flask] = []

    def make(**changes: Any) -> Flask:
        apps.append(create_sandbox(replace(settings, **changes)))
        return apps[-1]

    yield make
    for app in apps:
        of(app).stop()


@pytest.fixture
def app(build: Callable[..., Flask]) -> Flask:
    return build()


@pytest.fixture
def sandbox(app: Flask) -> Sandbox:
    return of(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def pass_time(sandbox: Sandbox) -> Callable[[], None]:
    """Lets everything happen that is due now."""
    return lambda: _run(sandbox)


def _run(sandbox: Sandbox) -> None:
    sandbox.scheduler.run_due(time.time())


@pytest.fixture
def submit(client: FlaskClient, pass_time: Callable[[], None]) -> Callable[..., dict[str, Any]]:
    """Sends a whole job with its zip and gives back what job_status says afterwards."""

    def send(partner_params: dict[str, Any], zip_bytes: bytes | None = None, **changes: Any) -> dict[str, Any]:
        prepared = client.post("/v1/upload", json=calls.upload_body(partner_params, **changes))
        assert prepared.status_code == 200, prepared.json
        put = client.put(
            prepared.json["upload_url"],
            data=zip_bytes if zip_bytes is not None else calls.make_zip(),
            content_type="application/zip",
        )
        assert put.status_code == 200, put.text
        pass_time()
        body = calls.status_body(partner_params["job_id"], partner_params["user_id"], history=True)
        status: dict[str, Any] = client.post("/v1/job_status", json=body).json
        return status

    return send
