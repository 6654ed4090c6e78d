"""Calls a WSGI app from a requests session, without a socket. The simulator's faults arrive as they do on the wire."""

import http
import io
import time
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from flask import Flask
from requests.adapters import BaseAdapter, HTTPAdapter
from werkzeug.test import EnvironBuilder

from dashboard.sandbox.gateway import DROP, TRUNCATE, whole_body


class InProcess(BaseAdapter):
    """app: the simulator. calls: method and path of each request that reached it. sent: each with its body."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app
        self.calls: list[tuple[str, str]] = []
        self.sent: list[tuple[requests.PreparedRequest, bytes]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(str(request.url))
        body = request.body
        content = b"" if body is None else body if isinstance(body, bytes) else b"".join(body)  # type: ignore[arg-type]
        if body is not None and not isinstance(body, bytes):
            assert int(request.headers["Content-Length"]) == len(content)
        environ = EnvironBuilder(
            method=request.method,
            path=parts.path,
            query_string=parts.query,
            base_url=f"{parts.scheme}://{parts.netloc}/",
            headers=[(name, value) for name, value in request.headers.items() if name != "Content-Length"],
            data=content,
        ).get_environ()
        self.calls.append((str(request.method), parts.path))
        self.sent.append((request, content))
        began = time.monotonic()
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers]

        answer = whole_body(self._app.wsgi_app(environ, start_response))
        if environ.get(DROP):
            raise requests.exceptions.ConnectionError("the connection broke")
        if time.monotonic() - began > options["timeout"][1]:
            raise requests.exceptions.ReadTimeout("no answer in time")
        status, headers = started
        length = str(len(answer))
        if environ.get(TRUNCATE):
            answer = answer[: len(answer) // 2]
        code, _, reason = status.partition(" ")
        raw = urllib3.HTTPResponse(
            io.BytesIO(answer),
            headers=[*[pair for pair in headers if pair[0] != "Content-Length"], ("Content-Length", length)],
            status=int(code),
            reason=reason or http.HTTPStatus(int(code)).phrase,
            preload_content=False,
            enforce_content_length=True,
        )
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


def session_with(adapter: InProcess) -> requests.Session:
    session = requests.Session()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
