"""Turns errors into pages, partials or JSON with a status; the only place that knows which status is whose."""

from http import HTTPStatus
from uuid import uuid4

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from dashboard.errors import Conflict, DashboardError, Invalid, NotAllowed, NotFound, place_of

log = structlog.get_logger(__name__)

STATUS_OF: dict[type[DashboardError], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 422}

WHAT_NOW = {
    400: "Go back, load the page again and repeat what you did.",
    403: "Ask an owner of your team if you need this.",
    404: "Check the address, or start again from the list.",
    405: "This address answers to another kind of request.",
    408: "Try again; on a slow line, with smaller files.",
    409: "Load the page again to see how things stand now.",
    413: "Choose smaller files and try again.",
    422: "Go back and correct what is marked.",
    429: "Wait a few minutes, then try again.",
    500: "Try again. If it happens again, send the request id below to whoever runs this dashboard.",
    503: "Wait a few seconds, then try again.",
}


def handle_errors(app: Flask) -> None:
    app.before_request(_name_request)
    app.register_error_handler(DashboardError, _known)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _name_request() -> None:
    g.request_id = uuid4().hex[:12]


def _known(error: DashboardError) -> ResponseReturnValue:
    status = STATUS_OF[type(error)]
    if isinstance(error, NotAllowed | NotFound):
        _note_refusal(status)
    return _answer(status, error.message)


def _stale_form(_: CSRFError) -> ResponseReturnValue:
    _note_refusal(400)
    return _answer(400, "The form was open for too long, or in another window, so nothing was done.")


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error  # A redirect that Werkzeug raises, not a failure.
    return _answer(error.code, error.description or error.name)


def _note_refusal(status: int) -> None:
    """Whoever tries what is not for them shows in the log, by ids alone: an address may hold a code.

    What strangers do not find is left out, else they could fill the log.
    """
    member = current_user.id if current_user.is_authenticated else None
    if member or status != HTTPStatus.NOT_FOUND:
        log.warning(
            "request_refused",
            status=status,
            member=str(member or ""),
            endpoint=request.endpoint,
            method=request.method,
            request_id=g.get("request_id"),
        )


def _unknown(error: Exception) -> ResponseReturnValue:
    log.error("request_failed", error=type(error).__name__, where=place_of(error), request_id=g.get("request_id"))
    return _answer(500, "Something went wrong on our side.")


def _answer(status: int, message: str) -> ResponseReturnValue:
    if request.path.endswith(".json") or request.path.startswith("/hooks/"):
        return {"error": message}, status
    context = {
        "status": status,
        "title": HTTPStatus(status).phrase,
        "message": message,
        "what_now": WHAT_NOW.get(status, WHAT_NOW[500] if status >= 500 else WHAT_NOW[400]),
        "request_id": g.get("request_id", ""),
    }
    is_partial = request.headers.get("HX-Request") == "true"
    return render_template("errors/_message.html" if is_partial else "errors/error.html", **context), status
