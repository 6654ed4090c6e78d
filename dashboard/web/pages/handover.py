"""Passes a new code to the page that shows it once: sealed, in a cookie that this page deletes.

The page is reached by a redirect, so that a reload makes no second code. The code must not be in an address or in our
database. `associated_data` names the row that the code belongs to: a code sealed for one row opens on no other page.
Each page has its own cookie, so that two that are opened at once do not disturb each other.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.web.security.cookies import drop_cookie, read_cookie, set_cookie

KEPT_SECONDS = 120


def cookie_of(page: str) -> str:
    """The name of a page's cookie, from its path: a `__Host-` cookie cannot be limited to one path."""
    return f"new-code-{hashlib.sha256(page.encode()).hexdigest()[:12]}"


def show_code_next(redirect: BaseResponse, associated_data: str, code: str, keyring: KeyRing) -> BaseResponse:
    """Adds the sealed code to the redirect to the row's page."""
    sealed = urlsafe_b64encode(keyring.seal(code.encode(), associated_data)).decode()
    set_cookie(redirect, cookie_of(redirect.location or ""), sealed, KEPT_SECONDS)
    return redirect


def code_to_show(associated_data: str, keyring: KeyRing) -> str:
    """The code that was passed to this page; empty if there is none."""
    try:
        return keyring.open(urlsafe_b64decode(read_cookie(cookie_of(request.path))), associated_data).decode()
    except (NotBase64, UnreadableValue, ValueError):
        return ""


def forget_code(answer: Response) -> None:
    drop_cookie(answer, cookie_of(request.path))
