"""The door for Smile's callbacks: reads a request to its end, has it acknowledged, and writes the answer.

Beside the pages and without Flask's way to a view: a machine calls it without a cookie, so it has no session, no form
and no browser to protect, and what those cost would be more than what a callback itself does.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from dashboard.callbacks.acknowledging import Acknowledger, Answer, Delivery, fail, not_stored, refusal, turn_away
from dashboard.callbacks.networks import is_taken_from
from dashboard.context import context_of
from dashboard.db import utc_now
from dashboard.web.headers import transport_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 2 * 1024 * 1024  # Smile's own are up to 1.5 MB, with the photo of an authority inside.
ANSWER_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
NOT_FOUND = refusal(404, "There is nothing at this address.")
ONLY_POST = refusal(405, "Callbacks are posted here.", ("Allow", "POST"))


def open_door(app: Flask) -> None:
    """Puts the door at /hooks of `app`, with whose settings, database and queue it works."""
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks": Door(app)})  # type: ignore[method-assign]


class Door:
    def __init__(self, app: Flask) -> None:
        self._settings = context_of(app).settings
        self._networks = context_of(app).callback_networks
        self._acknowledger = Acknowledger(app)
        self._headers = [*(ANSWER_HEADERS | transport_headers(self._settings.is_https)).items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # It keeps no place in `environ`: each would hold the other, with the body, until the collector comes by.
        answer = self.answer(Request(environ, populate_request=False))
        headers = [*self._headers, *answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {HTTP_STATUS_CODES[answer.status]}", headers)
        return [answer.body]

    def answer(self, request: Request) -> Answer:
        try:
            match request.path.split("/"):
                case ["", "smile"]:
                    return self._receive(request, None)
                case ["", "smile", job_key] if job_key:
                    return self._receive(request, job_key)
            return NOT_FOUND
        except RequestEntityTooLarge:
            return turn_away(413, "too_large", "A callback has 2 MB at most.")
        except ClientDisconnected:
            return turn_away(400, "malformed", "The body ended too early.")
        except SQLAlchemyError as error:
            return not_stored(error)
        except Exception as error:
            return fail(error)

    def _receive(self, request: Request, job_key: str | None) -> Answer:
        now, address = utc_now(), request.remote_addr or ""
        if request.method != "POST":
            return ONLY_POST
        if not is_taken_from(address, self._settings, self._networks):
            return turn_away(403, "network", f"Callbacks are not taken from {address}.")
        if (
            not _is_json(request.content_type or "")
            or request.headers.get("Content-Encoding", "identity").lower() != "identity"
        ):
            return turn_away(415, "media_type", "A callback is plain JSON, sent as application/json.")
        return self._acknowledger.answer(Delivery(_read_body(request), request.headers, address, now, job_key))


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    """Remembered, since there are a few ways to say it, and taking one apart costs a third of the door's time."""
    return Request({"CONTENT_TYPE": content_type}).is_json


def _read_body(request: Request) -> bytes:
    # A body without a length is cut at the limit without an error, so one byte more shows that it was longer.
    request.max_content_length = MAX_BODY + 1
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body
