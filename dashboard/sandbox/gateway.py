"""The outermost layer: logs each request to the API and applies the faults."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from dashboard.sandbox.faults import Fault
from dashboard.sandbox.fields import Json
from dashboard.sandbox.state import Sandbox

#: Keys in the WSGI environ that tell the server how to answer (see server.py).
DROP = "sandbox.drop"
TRUNCATE = "sandbox.truncate"
LOG_ENTRY = "sandbox.log_entry"
BODY_READ = "sandbox.body_read"

#: Paths of the simulator's own pages, which are neither logged nor given faults.
_OWN = ("/_sandbox", "/static/")
_GARBAGE = b'<html><head><title>Bad gateway</title></head><body>\x00\xff upstream said nothing useful {"code":'


class Gateway:
    """WSGI middleware around the simulator's Flask app."""

    def __init__(self, app: WSGIApplication, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox
        #: Set when the simulator stops, to end the delays of answers.
        self.stopping = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/" or path.startswith(_OWN):
            return self._app(environ, start_response)
        began = time.time()
        entry = self._sandbox.requests.open(method, path, began)
        environ[LOG_ENTRY] = entry
        # A fault is not meant for the browser's preflight request.
        fault = self._sandbox.faults.strike(method, path) if method != "OPTIONS" else None
        try:
            if fault is None:
                return self._app(environ, _noting_status(entry, start_response))
            entry["fault"] = fault.mode
            return self._struck(fault, environ, entry, start_response)
        finally:
            entry["seconds"] = round(time.time() - began, 3)

    def _struck(
        self, fault: Fault, environ: WSGIEnvironment, entry: Json, start_response: StartResponse
    ) -> Iterable[bytes]:
        answered: list[Any] = []
        body = b""
        if fault.when == "after" or fault.mode in ("delay", "truncate"):
            if fault.mode == "delay" and fault.when == "before":
                self.stopping.wait(fault.delay_seconds)
            body = whole_body(self._app(environ, _recording(answered)))
            if fault.mode == "delay" and fault.when == "after":
                self.stopping.wait(fault.delay_seconds)
        if fault.mode == "drop":
            environ[DROP] = True
            return []
        start_response = _noting_status(entry, start_response)
        if fault.mode == "status":
            body = b"<html><body><h1>%d</h1></body></html>" % fault.status
            start_response(f"{fault.status} Fault", _headers("text/html", body))
        elif fault.mode == "garbage":
            body = _GARBAGE
            start_response(f"{fault.status} OK", _headers("text/html", body))
        else:
            environ[TRUNCATE] = fault.mode == "truncate"
            start_response(*answered[-1])
        return [body]


def whole_body(answer: Iterable[bytes]) -> bytes:
    """The whole body of a WSGI answer, which is closed afterwards."""
    try:
        return b"".join(answer)
    finally:
        if close := getattr(answer, "close", None):
            close()


def _headers(content_type: str, body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", content_type), ("Content-Length", str(len(body)))]


def _noting_status(entry: Json, start_response: StartResponse) -> StartResponse:
    def noting(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        entry["status"] = int(status.split()[0])
        return start_response(status, headers, exc_info)

    return noting


def _recording(answered: list[Any]) -> StartResponse:
    def recording(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        answered.append((status, headers))
        return lambda data: None

    return recording
