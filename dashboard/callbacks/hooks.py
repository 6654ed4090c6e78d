"""The door for Smile's callbacks: read, check, store durably, and only then answer 200.

An app of its own beside the pages: a machine calls it without a cookie, so it has no session, no form and no browser to
protect, and none of what those cost.
"""

import structlog
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from dashboard.callbacks.facts import read_facts
from dashboard.callbacks.models import REFUSED_VERDICTS
from dashboard.callbacks.networks import is_taken_from, set_up_networks
from dashboard.callbacks.parsing import Malformed, parse
from dashboard.callbacks.receiving import Arrival
from dashboard.callbacks.storing import set_up_store, store
from dashboard.callbacks.throttle import REFUSALS, count_refusal, set_up_throttle
from dashboard.callbacks.verdicts import check_signature
from dashboard.config import Settings
from dashboard.db import utc_now
from dashboard.errors import place_of
from dashboard.smile_keys import smile_keys
from dashboard.web.headers import transport_headers

MAX_BODY = 2 * 1024 * 1024  # Smile's own are up to 1.5 MB, with the photo of an authority inside.
DROPPED_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
ANSWER_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

RECEIVED = Counter("callbacks_received", "Callbacks whose signature was looked at, by verdict.", ["verdict"])
TURNED_AWAY = Counter("callbacks_turned_away", "Callbacks that were not kept, by the reason.", ["why"])

Answer = tuple[dict[str, str | bool], int, dict[str, str]]

log = structlog.get_logger(__name__)


def open_door(app: Flask) -> None:
    """Puts the door at /hooks of `app`, with whose settings, database and queue it works."""
    door = Flask(__name__, static_folder=None)
    door.config["SETTINGS"] = app.config["SETTINGS"]
    door.extensions = app.extensions
    set_up_throttle(door)
    set_up_store(door)
    set_up_networks(door)
    door.add_url_rule("/smile", view_func=receive, methods=["POST"])
    door.add_url_rule("/smile/<job_key>", view_func=receive, methods=["POST"])
    always = transport_headers(app.config["SETTINGS"].is_https)

    @door.after_request
    def add(answer: Response) -> Response:
        answer.headers.update(always)
        return answer

    door.register_error_handler(HTTPException, _http)
    door.register_error_handler(Exception, _unknown)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/hooks": door.wsgi_app})  # type: ignore[method-assign]


def receive(job_key: str | None = None) -> ResponseReturnValue:
    try:
        return _receive(job_key)
    except RequestEntityTooLarge:
        return _turn_away(413, "too_large", "A callback has 2 MB at most.")
    except ClientDisconnected:
        return _turn_away(400, "malformed", "The body ended too early.")
    except Malformed as error:
        return _turn_away(400, "malformed", str(error))
    except SQLAlchemyError as error:
        # Not acknowledged, so that the sender may try again; if it does not, the job is settled by asking.
        log.error("callback_not_stored", error=type(error).__name__)
        return _turn_away(503, "database", "It could not be stored just now. Please send it again.", retry_after=10)


def _receive(job_key: str | None) -> Answer:
    now = utc_now()
    settings: Settings = current_app.config["SETTINGS"]
    address = request.remote_addr or ""
    if not is_taken_from(address, settings):
        return _turn_away(403, "network", f"Callbacks are not taken from {address}.")
    if not request.is_json or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _turn_away(415, "media_type", "A callback is plain JSON, sent as application/json.")
    body = _read_body()
    facts = read_facts(parse(body))
    check = check_signature(facts, settings.smile_partner_id, smile_keys())
    if check.verdict:
        if not count_refusal(address):
            message = "Too many callbacks without a valid signature came from here."
            return _turn_away(429, "throttled", message, retry_after=REFUSALS.get_expiry())
        # Its key may have been added a moment ago, through another process.
        check = check_signature(facts, settings.smile_partner_id, smile_keys(fresh=True))
    receipt = store(Arrival(body, _kept_headers(), address, now, facts, check, job_key))
    if receipt is None:
        return _turn_away(404, "unknown_key", "There is nothing at this address.")
    RECEIVED.labels(receipt.verdict.value).inc()
    if receipt.verdict in REFUSED_VERDICTS:
        return {"error": "This callback is not signed with a key of ours."}, 401, ANSWER_HEADERS
    return {"received": True}, 200, ANSWER_HEADERS


def _read_body() -> bytes:
    # A body without a length is cut at the limit without an error, so one byte more shows that it was longer.
    request.max_content_length = MAX_BODY + 1
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body


def _kept_headers() -> dict[str, str]:
    """Without what opens something: a signature is a bearer secret too, wherever it travels."""
    kept = {name.lower(): value for name, value in request.headers if name.lower() not in DROPPED_HEADERS}
    return {name: "[masked]" if "signature" in name else value for name, value in kept.items()}


def _turn_away(status: int, why: str, message: str, retry_after: int | None = None) -> Answer:
    TURNED_AWAY.labels(why).inc()
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return {"error": message}, status, ANSWER_HEADERS | headers


def _http(error: HTTPException) -> ResponseReturnValue:
    """Another address or another method."""
    return {"error": error.description or error.name}, error.code or 500, ANSWER_HEADERS


def _unknown(error: Exception) -> Answer:
    log.error("callback_failed", error=type(error).__name__, where=place_of(error))
    return {"error": "Something went wrong on our side."}, 500, ANSWER_HEADERS
