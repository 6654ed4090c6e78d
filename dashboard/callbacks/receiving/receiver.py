"""The application at /hooks: reads a request fully, has it acknowledged, and makes the answer.

It is mounted next to the pages and bypasses Flask's request handling. Its callers are machines without cookies, so
there is no session, form or browser to protect, and that handling would cost more than the callback itself.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, RequestTimeout
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request

from dashboard.callbacks.receiving.acknowledging import (
    NOTHING_HERE,
    Delivery,
    Reply,
    acknowledge,
    fail,
    not_stored,
    refusal,
    turn_away,
)
from dashboard.callbacks.receiving.group_commit import GroupCommit
from dashboard.callbacks.receiving.networks import is_taken_from
from dashboard.callbacks.refused.buffer import HEAD, job_named_in
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.callbacks.refused.storing import Refused
from dashboard.context import context_of
from dashboard.db import utc_now
from dashboard.web.security.headers import transport_headers
from dashboard.web.serving.asgi import LARGE_BODIES, HttpAnswer
from dashboard.worker.queue import wake

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 2 * 1024 * 1024  # Smile's are up to 1.5 MB when they contain an ID authority's photo.
MOST_SIZE = 2**31 - 1  # A sender may claim any length.
ANSWER_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
NOT_FOUND = refusal(404, NOTHING_HERE)
ONLY_POST = refusal(405, "Send callbacks here by POST.", ("Allow", "POST"))


def mount_receiver(app: Flask) -> None:
    """Mounts a receiver at /hooks of `app`, for any WSGI server."""
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks": CallbackReceiver(app)})  # type: ignore[method-assign]


@dataclass(eq=False, slots=True)
class Visit:
    """One request at /hooks. Once it was looked at, it has a delivery that is to be acknowledged, or its reply."""

    request: Request
    came_at: datetime
    job_key: str | None = None
    body: bytes = b""  # as much of it as was read
    delivery: Delivery | None = None
    reply: Reply | None = None


class CallbackReceiver:
    """Answers the requests at /hooks: on the event loop of `dashboard web`, or as an app of any WSGI server."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        context = context_of(app)
        self._settings = context.settings
        self._networks = context.callback_networks
        self._refused_deliveries = context.refused_deliveries
        hops = context.settings.trusted_proxies
        self._find_sender = ProxyFix(_nothing, x_for=hops) if hops else _nothing
        self._headers = [*(ANSWER_HEADERS | transport_headers(self._settings.is_https)).items()]
        self._group = GroupCommit(self._answer_all, self._wake_handler)
        self._readers = ThreadPoolExecutor(LARGE_BODIES, "large-callback")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers on any WSGI server. Each delivery then has a commit of its own."""
        replies = self._answer_all([self._visit_of(environ)])
        self._wake_handler(replies)
        answer = self._in_http(replies[0])
        start_response(answer.status, answer.headers)
        return [answer.body]

    async def answer(self, environ: "WSGIEnvironment", has_come: bool) -> HttpAnswer:
        """Answers on the event loop. All deliveries that arrive during one commit share the next one.

        `has_come`: whether the whole body is here. A large one is not, and takes a thread to be read.
        """
        visit = self._visit_of(environ)
        if not has_come:
            await asyncio.get_running_loop().run_in_executor(self._readers, self._look_at, visit)
        return self._in_http(visit.reply or await self._group.run(visit))

    def _visit_of(self, environ: "WSGIEnvironment") -> Visit:
        self._find_sender(environ, _nothing)
        # Not stored in `environ`: the cycle would keep the body in memory until the garbage collector runs.
        return Visit(Request(environ, populate_request=False), utc_now())

    def _answer_all(self, visits: Sequence[Visit]) -> list[Reply]:
        with self._app.app_context():
            for visit in visits:
                self._look_at(visit)
            delivered = [visit for visit in visits if visit.delivery]
            replies = acknowledge([visit.delivery for visit in visits if visit.delivery])
            for visit, reply in zip(delivered, replies, strict=True):
                visit.reply = reply
                self._note(visit, reply)
            return [visit.reply for visit in visits if visit.reply]

    def _wake_handler(self, replies: Sequence[Reply]) -> None:
        if waiting := [reply.to_handle for reply in replies if reply.to_handle]:
            with self._app.app_context():
                wake("callbacks.handle", *waiting)

    def _in_http(self, reply: Reply) -> HttpAnswer:
        headers = [*self._headers, *reply.headers, ("Content-Length", str(len(reply.body)))]
        return HttpAnswer(f"{reply.status} {HTTP_STATUS_CODES[reply.status]}", headers, reply.body)

    def _look_at(self, visit: Visit) -> None:
        """Reads the request, and refuses what cannot be acknowledged; a second time it changes nothing."""
        if visit.delivery or visit.reply:
            return
        try:
            result = self._read(visit)
        except SQLAlchemyError as error:
            result = not_stored(error)
        except Exception as error:
            result = fail(error)
        if isinstance(result, Delivery):
            visit.delivery = result
        else:
            visit.reply = result
            self._note(visit, result)

    def _read(self, visit: Visit) -> Delivery | Reply:
        match visit.request.path.split("/"):
            case ["", "smile"]:
                pass
            case ["", "smile", job_key] if job_key:
                visit.job_key = job_key
            case _:
                return NOT_FOUND
        request, address = visit.request, visit.request.remote_addr or ""
        if request.method != "POST":
            return ONLY_POST
        if not is_taken_from(address, self._settings, self._networks):
            return turn_away(403, "network", f"Callbacks from {address} are not allowed.", RefusalReason.NETWORK)
        if reason := _wrong_type(request):
            message = "Send a callback as plain JSON with the content type application/json."
            return turn_away(415, "media_type", message, reason)
        try:
            visit.body = _read_body(request)
        except RequestEntityTooLarge:
            return _too_large()
        except ClientDisconnected:
            return turn_away(400, "malformed", "The body ended too early.", RefusalReason.ENDED_EARLY)
        except RequestTimeout:
            return turn_away(408, "too_slow", "The body took too long to arrive.", RefusalReason.TOO_SLOW)
        if len(visit.body) > MAX_BODY:
            return _too_large()
        return Delivery(visit.body, request.headers, address, visit.came_at, visit.job_key)

    def _note(self, visit: Visit, reply: Reply) -> None:
        """Adds a refused delivery to the list of them."""
        reason = reply.reason
        if reason is None:
            return
        request, address = visit.request, visit.request.remote_addr or ""

        def describe(is_listed: bool) -> Refused:
            # Nothing is read from a network that is not allowed.
            may_read = is_listed and reason != RefusalReason.NETWORK
            named = job_named_in(visit.body or _head_of(request)) if may_read else ""
            size = min(request.content_length or len(visit.body), MOST_SIZE)
            return Refused(visit.came_at, address, reason, reply.status, size, visit.job_key, claimed_job_id=named)

        self._refused_deliveries.note(address, visit.came_at, describe)


def _nothing(*_: Any) -> Any:
    """As a WSGI app: what stands in front of it has changed the environ."""


def _wrong_type(request: Request) -> RefusalReason | None:
    content_type = request.content_type or ""
    if not _is_json(content_type):
        return RefusalReason.MEDIA_TYPE if content_type else RefusalReason.NO_MEDIA_TYPE
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return RefusalReason.ENCODED
    return None


def _too_large() -> Reply:
    return turn_away(413, "too_large", "A callback may have at most 2 MB.", RefusalReason.TOO_LARGE)


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    """Cached: senders use only a few content types, and parsing one takes a third of the receiver's own time."""
    return Request({"CONTENT_TYPE": content_type}).is_json


def _read_body(request: Request) -> bytes:
    # A body without a length is cut off at the limit without an error. One more byte shows that it was longer.
    request.max_content_length = MAX_BODY + 1
    return request.get_data(cache=False)


def _head_of(request: Request) -> bytes:
    """The beginning of a body that was not read. It may name the job."""
    length = request.content_length or 0
    try:
        return request.environ["wsgi.input"].read(min(length, HEAD)) if length else b""
    except Exception:  # The answer stays the same, whatever the sender does with the rest.
        return b""
