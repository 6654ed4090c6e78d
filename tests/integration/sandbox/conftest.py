"""A real simulator on a free port, and a partner's callback address that really listens."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings
from tests.unit.sandbox import calls


class Receiver:
    """Keeps the callbacks it gets. `answers` are the statuses for the next ones, then always 200."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hooks/job-key"
        self.bodies: list[bytes] = []
        self.answers: list[int] = []

    def wait_for(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(self.bodies) < count:
            assert time.monotonic() < deadline, f"{len(self.bodies)} of {count} callbacks came"
            time.sleep(0.01)
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = listening.answers.pop(0) if listening.answers else 200
            listening.bodies.append(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listening = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield listening
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SandboxSettings:
    return SandboxSettings(
        partner_id=calls.PARTNER_ID,
        api_key=calls.API_KEY,
        instance_dir=tmp_path_factory.mktemp("sandbox-instance"),
        result_delay_seconds=(0.0, 0.02),
        review_delay_seconds=0.3,
        callback_timeout_seconds=2.0,
        callback_retry_delays_seconds=(0.05, 0.05, 0.05),
        out_of_order_gap_seconds=0.1,
    )


@pytest.fixture
def serve(settings: SandboxSettings) -> Iterator[Callable[..., SandboxServer]]:
    """Starts simulators with other settings."""
    servers: list[SandboxServer] = []

    def start(
        tls_cert: Path | None = None, tls_key: Path | None = None, **changes: Any
    ) -> SandboxServer:  # fmt: skip
        server = SandboxServer(replace(settings, **changes), tls_cert=tls_cert, tls_key=tls_key)
        servers.append(server.__enter__())
        return server

    yield start
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture
def server(serve: Callable[..., SandboxServer]) -> SandboxServer:
    return serve()
