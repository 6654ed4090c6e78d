"""A new code's way to the page that shows it once: sealed, in a cookie that this page takes away again.

The page is reached by a redirect, so that a reload makes no second code; an address or our database must not hold it.
`identity` names the row that the code is of: what was sealed for one row opens on no other page. Each page has a cookie
of its own, so that two that are opened at once take nothing from each other.
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
    """By the path of the page: `__Host-` allows no cookie that is sent to one path only."""
    return f"new-code-{hashlib.sha256(page.encode()).hexdigest()[:12]}"


def hand_over(redirect: BaseResponse, identity: str, code: str, keyring: KeyRing) -> BaseResponse:
    """The redirect to the row's page, with its code."""
    sealed = urlsafe_b64encode(keyring.seal(code.encode(), identity)).decode()
    set_cookie(redirect, cookie_of(redirect.location or ""), sealed, KEPT_SECONDS)
    return redirect


def handed_code(identity: str, keyring: KeyRing) -> str:
    """The code that was handed to this page, or nothing."""
    try:
        return keyring.open(urlsafe_b64decode(read_cookie(cookie_of(request.path))), identity).decode()
    except (NotBase64, UnreadableValue, ValueError):
        return ""


def forget_code(answer: Response) -> None:
    drop_cookie(answer, cookie_of(request.path))
