"""Error answers of an object store, which are XML, unlike the rest of the API."""

from xml.sax.saxutils import escape

from flask import Response


def refusal(code: str, message: str, status: int) -> Response:
    """An error answer. status: the HTTP status."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(body, status, mimetype="application/xml")


def denied(message: str) -> Response:
    """An answer with status 403 for an address that may not be used."""
    return refusal("AccessDenied", message, 403)


def expired() -> Response:
    """An answer with status 403 for an address that has expired."""
    return refusal("AccessDenied", "The address has expired", 403)
