"""The WSGI application at /hooks: reads a request fully, has it acknowledged, and writes the answer.

It is mounted next to the pages and bypasses Flask's request handling. Its callers are machines without cookies, so
there is no session, form or browser to protect, and that handling would cost more than the callback itself.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, RequestTimeout
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from dashboard.callbacks.receiving.acknowledging import (
    NOTHING_HERE,
    Acknowledger,
    Delivery,
    Reply,
    fail,
    not_stored,
    refusal,
    turn_away,
)
from dashboard.callbacks.receiving.networks import is_taken_from
from dashboard.callbacks.refused.buffer import HEAD, job_named_in
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.callbacks.refused.storing import Refused
from dashboard.context import context_of
from dashboard.db import utc_now
from dashboard.web.security.headers import transport_headers

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
    """Mounts the receiver at /hooks of `app`. It uses the settings, database and queue of `app`."""
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks": CallbackReceiver(app)})  # type: ignore[method-assign]


class CallbackReceiver:
    def __init__(self, app: Flask) -> None:
        self._settings = context_of(app).settings
        self._networks = context_of(app).callback_networks
        self._acknowledger = Acknowledger(app)
        self._refused_deliveries = context_of(app).refused_deliveries
        self._headers = [*(ANSWER_HEADERS | transport_headers(self._settings.is_https)).items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Not stored in `environ`: the cycle would keep the body in memory until the garbage collector runs.
        answer = self.answer(Request(environ, populate_request=False))
        headers = [*self._headers, *answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {HTTP_STATUS_CODES[answer.status]}", headers)
        return [answer.body]

    def answer(self, request: Request) -> Reply:
        try:
            match request.path.split("/"):
                case ["", "smile"]:
                    return self._receive(request, None)
                case ["", "smile", job_key] if job_key:
                    return self._receive(request, job_key)
            return NOT_FOUND
        except SQLAlchemyError as error:
            return not_stored(error)
        except Exception as error:
            return fail(error)

    def _receive(self, request: Request, job_key: str | None) -> Reply:
        if request.method != "POST":
            return ONLY_POST
        now, address = utc_now(), request.remote_addr or ""
        answer, body = self._accept(request, address, now, job_key)
        if reason := answer.reason:

            def describe(is_listed: bool) -> Refused:
                # Nothing is read from a network that is not allowed.
                may_read = is_listed and reason != RefusalReason.NETWORK
                named = job_named_in(body or _head_of(request)) if may_read else ""
                size = min(request.content_length or len(body), MOST_SIZE)
                return Refused(now, address, reason, answer.status, size, job_key, claimed_job_id=named)

            self._refused_deliveries.note(address, now, describe)
        return answer

    def _accept(self, request: Request, address: str, now: datetime, job_key: str | None) -> tuple[Reply, bytes]:
        """The answer, and as much of the body as was read."""
        if not is_taken_from(address, self._settings, self._networks):
            return turn_away(403, "network", f"Callbacks from {address} are not allowed.", RefusalReason.NETWORK), b""
        if reason := _wrong_type(request):
            return turn_away(
                415, "media_type", "Send a callback as plain JSON with the content type application/json.", reason
            ), b""
        try:
            body = _read_body(request)
        except RequestEntityTooLarge:
            return _too_large(), b""
        except ClientDisconnected:
            return turn_away(400, "malformed", "The body ended too early.", RefusalReason.ENDED_EARLY), b""
        except RequestTimeout:
            return turn_away(408, "too_slow", "The body took too long to arrive.", RefusalReason.TOO_SLOW), b""
        if len(body) > MAX_BODY:
            return _too_large(), body
        return self._acknowledger.answer(Delivery(body, request.headers, address, now, job_key)), body


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
