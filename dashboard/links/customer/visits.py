"""The name of a customer's browser: a random cookie, with which it can see the state of its own verification."""

import hashlib
from secrets import token_urlsafe

from flask import Response, request

from dashboard.config import Settings

KEPT_SECONDS = 30 * 24 * 3600
NAME_BYTES = 24
LONGEST_NAME = 64


def browser_name(settings: Settings) -> str:
    """The browser's name; empty on its first visit."""
    name = request.cookies.get(_cookie_name(settings), "")
    return name if 22 <= len(name) <= LONGEST_NAME else ""


def new_browser_name() -> str:
    return token_urlsafe(NAME_BYTES)


def digest_of_browser(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def remember_browser(response: Response, name: str, settings: Settings) -> None:
    response.set_cookie(
        _cookie_name(settings),
        name,
        max_age=KEPT_SECONDS,
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )


def _cookie_name(settings: Settings) -> str:
    return "__Host-visit" if settings.is_https else "visit"
