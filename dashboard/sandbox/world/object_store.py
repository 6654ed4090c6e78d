"""Refusals as object stores word them: XML, not JSON, whatever the rest of the API speaks."""

from xml.sax.saxutils import escape

from flask import Response


def refusal(code: str, message: str, status: int) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(body, status, mimetype="application/xml")


def denied(message: str) -> Response:
    return refusal("AccessDenied", message, 403)


def expired() -> Response:
    return refusal("AccessDenied", "The address has expired", 403)
