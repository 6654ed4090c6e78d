"""Runs the WSGI app on an ASGI server: slow senders wait on the event loop, and only whole requests take a thread.

Large bodies, which the app reads while they arrive, have their own threads. Callbacks wait on the event loop too, for a
commit that many of them share, and polls that find nothing new are answered on it.
"""

import asyncio
import sys
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from werkzeug.exceptions import HTTPException, InternalServerError

from dashboard.errors import place_of
from dashboard.web.serving.request_bodies import BodyStream, Message, Receive, RequestBody

Send = Callable[[Message], Awaitable[None]]
Scope = Mapping[str, Any]

#: Where callbacks arrive.
CALLBACKS = "/hooks"
PAGE_THREADS = 24
#: Bodies that have not fully arrived and are read at the same time, of pages and of callbacks.
LARGE_BODIES = 4
#: A body up to this size is read before the request takes a thread.
SMALL_BODY = 16 * 1024
#: An answer up to this size is sent in one piece, so that no thread waits for a slow reader.
SMALL_ANSWER = 1024 * 1024
SECONDS_TO_TAKE_A_PART = 30.0
SECONDS_TO_LEAVE = 60.0

ENVIRON: Mapping[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,  # the server knows where a body ends
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}

log = structlog.get_logger(__name__)


class HttpAnswer(NamedTuple):
    """A whole answer, as a WSGI app gives it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Receiver(Protocol):
    """Answers callbacks on the event loop. `has_come`: whether the whole body is here."""

    async def answer(self, environ: WSGIEnvironment, has_come: bool) -> HttpAnswer: ...


class Polls(Protocol):
    """The WSGI app, which also answers some requests from memory."""

    def known(self, environ: WSGIEnvironment) -> HttpAnswer | None: ...

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...


class AsgiAdapter:
    """The ASGI app of one process. Without a `receiver` callbacks are requests like all others."""

    def __init__(self, app: WSGIApplication, receiver: Receiver | None = None, polls: Polls | None = None) -> None:
        self._app = polls or app
        self._receiver = receiver
        self._polls = polls
        self._pages = ThreadPoolExecutor(PAGE_THREADS, "page")
        self._large_pages = ThreadPoolExecutor(LARGE_BODIES, "large-page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = make_environ(scope)
        loop = asyncio.get_running_loop()
        answer = StreamedAnswer(receive, send, loop)
        if self._polls and (known := self._polls.known(environ)):
            await answer.send_whole(known)
            return
        receiver = self._receiver if scope["path"].startswith(CALLBACKS + "/") else None
        body = RequestBody(receive, length_of(scope["headers"]), loop)
        head = await body.read(SMALL_BODY)
        if body.failure and not receiver:  # a receiver lists a callback as refused
            await answer.fail(body.failure)
            return
        environ["wsgi.input"] = BytesIO(head) if body.is_whole else BodyStream(head, body)
        try:
            if receiver:
                environ["SCRIPT_NAME"], environ["PATH_INFO"] = CALLBACKS, environ["PATH_INFO"][len(CALLBACKS) :]
                await answer.send_whole(await receiver.answer(environ, body.is_whole or body.failure is not None))
            else:
                threads = self._pages if body.is_whole else self._large_pages
                await answer.finish(await loop.run_in_executor(threads, answer.run, self._app, environ))
        except Exception as error:  # Not from a page: pages answer their own errors.
            log.error("answer_failed", error=type(error).__name__, where=place_of(error))
            await answer.fail(InternalServerError())


class StreamedAnswer:
    """The app's answer to one request. `run` is called in a thread, everything else on the event loop."""

    def __init__(self, receive: Receive, send: Send, loop: AbstractEventLoop) -> None:
        self._receive = receive
        self._send = send
        self._loop = loop
        self._start: Message = {}
        self._is_started = False
        self._reader_left: asyncio.Task[None] | None = None

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> bytes:
        """Calls the app, sends all but the last part of its answer, and returns that part."""
        pieces: Iterable[bytes] = app(environ, self._start_response)
        try:
            unsent: list[bytes] = []
            size = 0
            for piece in pieces:
                unsent.append(piece)
                size += len(piece)
                if size > SMALL_ANSWER:
                    self._send_from_thread(b"".join(unsent))
                    unsent, size = [], 0
            return b"".join(unsent)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    async def send_whole(self, answer: HttpAnswer) -> None:
        self._start_response(answer.status, answer.headers)
        await self.finish(answer.body)

    async def finish(self, last_part: bytes) -> None:
        await self._send_part(last_part, is_last=True)
        if self._reader_left:
            self._reader_left.cancel()

    async def fail(self, error: HTTPException) -> None:
        if not self._is_started:
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
            self._start_response(f"{error.code} {error.name}", headers)
            await self.finish(f"{error.description}\n".encode())
        elif self._reader_left:
            # If it ended now, what was sent so far would look complete.
            await asyncio.wait([self._reader_left], timeout=SECONDS_TO_LEAVE)
            self._reader_left.cancel()

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._start = {"type": "http.response.start", "status": int(status[:3]), "headers": encoded}

    def _send_from_thread(self, part: bytes) -> None:
        sent = asyncio.run_coroutine_threadsafe(self._send_part(part, is_last=False), self._loop)
        sent.result(SECONDS_TO_TAKE_A_PART)

    async def _send_part(self, part: bytes, *, is_last: bool) -> None:
        if not self._is_started:
            self._is_started = True
            await self._send(self._start)
            if not is_last:
                self._reader_left = self._loop.create_task(self._wait_for_leaving())
        if self._reader_left and self._reader_left.done():
            raise ConnectionAbortedError("the reader left")
        await self._send({"type": "http.response.body", "body": part, "more_body": not is_last})

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def make_environ(scope: Scope) -> WSGIEnvironment:
    """The WSGI environ of a request.

    A header with an underscore in its name is left out: WSGI writes it like the one with a hyphen, so a sender could
    set what only a proxy may set.
    """
    (client, client_port), (server, server_port) = scope["client"], scope["server"]
    environ: WSGIEnvironment = {
        **ENVIRON,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": "HTTP/1.1" if scope["http_version"] == "1.1" else "HTTP/1.0",
        "SERVER_NAME": server,
        "SERVER_PORT": str(server_port),
        "REMOTE_ADDR": client,
        "REMOTE_PORT": str(client_port),
        "wsgi.url_scheme": scope["scheme"],
    }
    for name, value in scope["headers"]:
        if variable := variable_of(name):
            text = value.decode("latin-1")
            if variable in environ:
                text = f"{environ[variable]}{'; ' if name == b'cookie' else ','}{text}"
            environ[variable] = text
    return environ


@lru_cache(maxsize=512)
def variable_of(header: bytes) -> str:
    """The header's name in WSGI; empty if it is left out."""
    if b"_" in header:
        return ""
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def length_of(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """The declared length of the body; None if it is sent in chunks."""
    given = dict(headers)
    if b"transfer-encoding" in given:
        return None
    return int(given.get(b"content-length", 0))
