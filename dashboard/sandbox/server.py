"""The simulator as a process: HTTP/1.1 or TLS, one thread for each connection, a clean stop on a signal."""

import logging
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, cast

from flask import Flask
from werkzeug.exceptions import InternalServerError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from dashboard.sandbox.api.processing import resume
from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.certificates import load_or_make_certificate
from dashboard.sandbox.failures import log_failure
from dashboard.sandbox.gateway import BODY_READ, DROP, TRUNCATE, whole_body
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import of
from dashboard.sandbox.v3.processing import resume as resume_v3

log = logging.getLogger(__name__)

#: An idle connection is closed after this time.
IDLE_SECONDS = 30


def run_sandbox(
    host: str,
    port: int,
    partner_id: str | None = None,
    api_key: str | None = None,
    legacy_key_file: Path | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    *,
    also_tls_port: int | None = None,
    settings: SandboxSettings | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the simulator until SIGTERM or SIGINT. Call it in the main thread, since only that can handle signals.

    port: 0 takes a free one. tls_cert, tls_key: PEM files; without them it speaks plain HTTP.
    also_tls_port: as for `SandboxServer`.
    partner_id, api_key, legacy_key_file: override those of `settings`, unless None.
    on_ready: called with the real address, such as "http://127.0.0.1:8001", once requests are answered.
    """
    given = {"partner_id": partner_id, "api_key": api_key, "legacy_key_file": legacy_key_file}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = replace(settings or SandboxSettings(), **chosen)  # type: ignore[arg-type] # names fit their types.
    stop = threading.Event()

    def stop_on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    # Set before the first request, so that an early signal stops cleanly too.
    before = {number: signal.signal(number, stop_on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with SandboxServer(settings, host, port, tls_cert, tls_key, also_tls_port) as server:
            if on_ready is not None:
                on_ready(server.url)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class SandboxServer:
    """A simulator that is served inside a `with` block.

    port: 0 takes a free one. tls_cert, tls_key: PEM files; without them it speaks plain HTTP.
    also_tls_port: serve the same over TLS on this port too, with a certificate of its own.
    url, tls_url: its real addresses, without a path; the second is "" without `also_tls_port`.
    app, sandbox: the Flask app and its state.
    """

    def __init__(
        self,
        settings: SandboxSettings,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        also_tls_port: int | None = None,
    ) -> None:
        self.app = create_sandbox(settings)
        self.sandbox = of(self.app)
        self._servers = [_server(self.app, host, port, _tls(tls_cert, tls_key))]
        if also_tls_port is not None:
            tls = _tls(*load_or_make_certificate(settings.instance_dir))
            self._servers.append(_server(self.app, host, also_tls_port, tls))
        self.url, self.tls_url = (*map(_address, self._servers), "")[:2]
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in self._servers
        ]

    def __enter__(self) -> Self:
        resume(self.sandbox)
        resume_v3(self.sandbox)
        self.sandbox.start()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.extensions["gateway"].stopping.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join(timeout=5)
            server.server_close()
        self.sandbox.stop()


def _server(app: Flask, host: str, port: int, tls: ssl.SSLContext | None) -> BaseWSGIServer:
    return make_server(host, port, app, threaded=True, request_handler=_Handler, ssl_context=tls)


def _address(server: BaseWSGIServer) -> str:
    shown = f"[{server.host}]" if ":" in server.host else server.host
    return f"{'https' if server.ssl_context else 'http'}://{shown}:{server.server_port}"


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class _Handler(WSGIRequestHandler):
    """Werkzeug's handler with persistent connections, which can also break off for a fault."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        answer: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answer[:] = [status, headers]

        try:
            body = whole_body(self.server.app(environ, start_response))
        except Exception as error:
            log_failure(f"the simulator failed on {self.path.partition('?')[0]}", error)
            body = whole_body(InternalServerError()(environ, start_response))
        if environ.get(DROP):
            self._break_off()
            return
        # An unread body would be taken for the next request.
        self.close_connection = self.close_connection or not environ.get(BODY_READ)
        self._answer(answer[0], answer[1], body)
        if environ.get(TRUNCATE):
            self._break_off()

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        truncate = bool(self.environ.get(TRUNCATE))
        # An empty body cannot be truncated, so a longer one is announced.
        self.send_header("Content-Length", str(max(len(body), 64) if truncate else len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if truncate else body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date of an answer, by the simulator's clock."""
        ahead = of(cast(Flask, self.server.app)).clock_ahead_seconds
        return super().date_time_string(timestamp or time.time() + ahead)

    def _break_off(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the client had disconnected before")

    def make_environ(self) -> dict[str, Any]:
        self.environ: dict[str, Any] = super().make_environ()
        return self.environ

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name of the base class.
        """Print nothing: the request log has the requests."""
