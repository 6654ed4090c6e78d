"""Protection against cross-site request forgery: form tokens (Flask-WTF) and the Origin header."""

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from dashboard.errors import NotAllowed

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

csrf = CSRFProtect()


def protect(app: Flask) -> None:
    app.before_request(_check_origin)
    csrf.init_app(app)


def _check_origin() -> None:
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if origin == "null":
        # With no-referrer Chromium sends "null" for our own forms; only for those does it add same-origin.
        is_ours = fetch_site == "same-origin"
    elif origin is not None:
        is_ours = origin == f"{request.scheme}://{request.host}"
    else:
        is_ours = fetch_site in (None, "same-origin", "none")
    if not is_ours:
        raise NotAllowed("This form was sent from another site, so nothing was done.")
