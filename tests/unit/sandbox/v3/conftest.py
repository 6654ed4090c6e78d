"""A simulator of v3 in this process, our client in front of it, and its webhooks as they would be sent."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from flask import Flask

from dashboard.sandbox.delivery.callbacks import Callbacks
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import Sandbox
from dashboard.smile import Transport
from dashboard.smile.v3 import Client
from tests.factories.in_process import InProcess, session_with
from tests.unit.sandbox import calls

CALLBACK = "https://partner.example/hooks/smile"
URL = "https://sandbox.example"


class Sent(NamedTuple):
    """One webhook that was sent."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]


@pytest.fixture
def settings(settings: SandboxSettings) -> SandboxSettings:
    return replace(settings, v3_status_unknown_seconds=0.0)


@pytest.fixture
def adapter(app: Flask) -> InProcess:
    return InProcess(app)


def client_of(adapter: InProcess, timeout: float = 5.0) -> Client:
    transport = Transport(f"{URL}/v3", session=session_with(adapter), timeout=(1.0, timeout))
    return Client(calls.PARTNER_ID, calls.API_KEY, f"{URL}/v3", default_callback=CALLBACK, transport=transport)


@pytest.fixture
def smile(adapter: InProcess) -> Client:
    return client_of(adapter)


@pytest.fixture(autouse=True)
def webhooks(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What was sent; nothing leaves this process, and every receiver answers 200."""
    sent: list[Sent] = []

    def post(_self: Callbacks, url: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        sent.append(Sent(url, headers, body))
        return {"at": time.time(), "status": 200, "error": None, "seconds": 0.0}

    monkeypatch.setattr(Callbacks, "_post", post)
    return sent


@pytest.fixture
def settle(sandbox: Sandbox) -> Callable[[], None]:
    """Lets jobs be decided and webhooks be sent."""
    return lambda: run_all(sandbox)


def run_all(sandbox: Sandbox) -> None:
    sandbox.scheduler.run_due(time.time() + 60)
    sandbox.deliveries.run_due(time.time() + 60)
