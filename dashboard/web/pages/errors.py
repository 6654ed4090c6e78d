"""Turns errors into pages, partials or JSON with a status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from uuid import UUID, uuid4

import structlog
from flask import Flask, current_app, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from dashboard.errors import Conflict, DashboardError, NotAllowed, NotFound, place_of
from dashboard.outages import what_is_away
from dashboard.web.pages.answers import CAUTION, wants_partial

log = structlog.get_logger(__name__)

#: The Retry-After of a 503.
RETRY_AFTER_SECONDS = 10

#: Our own, since a browser shows them in its tab; the framework's titles are for programmers.
TITLES = {
    400: "Nothing was done",
    403: "You may not do this",
    404: "Page not found",
    405: "Nothing was done",
    408: "It took too long",
    409: "Nothing was done",
    413: "This is too large",
    422: "Something is missing or wrong",
    429: "Too many requests",
    503: "A part is not working",
}
FAILED = "Something went wrong"
#: Used instead of the framework's words, if a view gave none of its own.
MESSAGES = {
    404: NotFound().message,
    405: "This address cannot be used in this way.",
    408: "What you sent took too long to arrive.",
    413: "What you sent is larger than this page accepts.",
    429: "There were too many requests from your address.",
}
NOT_READ = "What your browser sent could not be read."
WHAT_NOW = {
    400: "Go back, load the page again and repeat what you did.",
    403: "Ask an owner of your team if you need this.",
    404: "Check the address, or start again from the list.",
    405: "Go to the page itself and use its button there.",
    408: "Try again. On a slow connection, use smaller files.",
    409: "Load the page again to see what changed.",
    413: "Choose smaller files and try again.",
    422: "Go back and correct what is marked.",
    429: "Wait a few minutes, then try again.",
    500: "Try again. If it happens again, send the request id below to your administrator.",
    503: "Wait a minute, then try again. It will work again by itself once that part is back.",
}
#: A part that failed during an action may have saved it first.
WHAT_NOW_AFTER_A_PRESS = (
    "Wait a minute and check whether what you did was saved before you do it again. It will work again by itself "
    "once that part is back."
)


def handle_errors(app: Flask) -> None:
    app.before_request(_name_request)
    app.register_error_handler(DashboardError, _known)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _failed_part)
    app.register_error_handler(OSError, _failed_part)
    app.register_error_handler(Exception, _unknown)


def _name_request() -> None:
    g.request_id = uuid4().hex[:12]


def _known(error: DashboardError) -> ResponseReturnValue:
    if isinstance(error, Conflict) and error.leads_to and not (_wants_json() or wants_partial()):
        flash(error.message, CAUTION)
        return redirect(error.leads_to, 303)
    if isinstance(error, NotAllowed | NotFound):
        _note_refusal(error.status)
    return _answer(error.status, error.message)


def _stale_form(_: CSRFError) -> ResponseReturnValue:
    _note_refusal(400)
    return _answer(400, "The form was open for too long, or in another window, so nothing was done.")


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error  # A redirect that Werkzeug raises, not a failure.
    # Such as Allow with a 405. The content type is that of our own page.
    kept = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    is_of_framework = error.description == type(error).description
    message = MESSAGES.get(error.code, NOT_READ) if is_of_framework else error.description
    return _answer(error.code, message or NOT_READ, kept)


def _failed_part(error: SQLAlchemyError | OSError) -> ResponseReturnValue:
    """Answers an outage. The log already has it, in one line for all requests that it fails."""
    if isinstance(error, DBAPIError) and error.connection_invalidated and _may_read_again():
        return _read_again()
    away = what_is_away(error)
    return _unknown(error) if away is None else _answer(503, away.sentence)


def _may_read_again() -> bool:
    return request.method == "GET" and "is_read_again" not in g


def _read_again() -> ResponseReturnValue:
    """Answers the request again from its beginning, once, after its connection to the database broke."""
    g.setdefault("is_read_again", True)
    try:
        early_answer = current_app.preprocess_request()
        return current_app.dispatch_request() if early_answer is None else early_answer
    except Exception as error:  # the handlers of this module say what it is
        return current_app.handle_user_exception(error)


def _note_refusal(status: int) -> None:
    """Logs a refused request, by ids alone: an address may hold a code.

    Strangers' 404s are left out, or strangers could fill the log.
    """
    member_id = _member_id()
    if member_id or status != HTTPStatus.NOT_FOUND:
        log.warning(
            "request_refused",
            status=status,
            member=str(member_id or ""),
            endpoint=request.endpoint,
            method=request.method,
            request_id=g.get("request_id"),
        )


def _member_id() -> UUID | None:
    """The id of the signed-in member; None also if the database, which knows, cannot be asked."""
    if "member_of_error" not in g:
        g.member_of_error = _ask_member_id()
    return cast(UUID | None, g.member_of_error)


def _ask_member_id() -> UUID | None:
    try:
        return current_user.id if current_user.is_authenticated else None
    except SQLAlchemyError as error:
        if what_is_away(error):
            return None
        raise


def _unknown(error: Exception) -> ResponseReturnValue:
    log.error("request_failed", error=type(error).__name__, where=place_of(error), request_id=g.get("request_id"))
    return _answer(500, "Something went wrong on our side.")


def _answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> ResponseReturnValue:
    headers = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    if _wants_json():
        return {"error": message}, status, headers
    context = {
        "status": status,
        "title": TITLES.get(status, TITLES[400] if status < HTTPStatus.INTERNAL_SERVER_ERROR else FAILED),
        "message": message,
        "what_now": _what_now(status),
        "request_id": g.get("request_id", ""),
        # After our own failure nothing is looked up: the database may be what failed.
        "has_menu": status < HTTPStatus.INTERNAL_SERVER_ERROR and _member_id() is not None,
    }
    is_partial = request.headers.get("HX-Request") == "true"
    return render_template("errors/_message.html" if is_partial else "errors/error.html", **context), status, headers


def _wants_json() -> bool:
    return request.path.endswith(".json") or request.path.startswith("/hooks/")


def _what_now(status: int) -> str:
    if status == HTTPStatus.SERVICE_UNAVAILABLE and request.method != "GET":
        return WHAT_NOW_AFTER_A_PRESS
    return WHAT_NOW.get(status, WHAT_NOW[500] if status >= HTTPStatus.INTERNAL_SERVER_ERROR else WHAT_NOW[400])
