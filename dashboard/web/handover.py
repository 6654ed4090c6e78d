"""A new code's way to the page that shows it once: sealed, in a cookie that this page takes away again.

The page is reached by a redirect, so that a reload makes no second code; an address or our database must not hold it.
`identity` names the row that the code is of: what was sealed for one row opens on no other page.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.crypto import KeyRing, UnreadableValue

COOKIE = "new-code"
KEPT_SECONDS = 120


def hand_over(redirect: BaseResponse, identity: str, code: str, keyring: KeyRing, is_https: bool) -> BaseResponse:
    """The redirect to the row's page, with its code."""
    sealed = urlsafe_b64encode(keyring.seal(code.encode(), identity)).decode()
    redirect.set_cookie(
        COOKIE, sealed, KEPT_SECONDS, path=redirect.location, secure=is_https, httponly=True, samesite="Lax"
    )
    return redirect


def handed_code(identity: str, keyring: KeyRing) -> str:
    """The code that was handed to this page, or nothing."""
    try:
        return keyring.open(urlsafe_b64decode(request.cookies.get(COOKIE, "")), identity).decode()
    except (NotBase64, UnreadableValue, ValueError):
        return ""


def forget_code(answer: Response, is_https: bool) -> None:
    answer.delete_cookie(COOKIE, path=request.path, secure=is_https, httponly=True, samesite="Lax")
