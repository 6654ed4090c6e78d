"""A new code's way to the page that shows it once: sealed, in a cookie that this page takes away again.

The page is reached by a redirect, so that a reload makes no second link; an address or our database must not hold it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.crypto import KeyRing, UnreadableValue
from dashboard.web.pages import see_other

COOKIE = "new-code"
KEPT_SECONDS = 120


def hand_over(link_id: UUID, code: str, keyring: KeyRing, is_https: bool) -> BaseResponse:
    """To the link's page, with its code."""
    answer = see_other("links.show", link_id=link_id)
    sealed = urlsafe_b64encode(keyring.seal(code.encode(), _identity(link_id))).decode()
    answer.set_cookie(
        COOKIE, sealed, KEPT_SECONDS, path=answer.location, secure=is_https, httponly=True, samesite="Lax"
    )
    return answer


def handed_code(link_id: UUID, keyring: KeyRing) -> str:
    """The code that was handed to this page, or nothing."""
    try:
        return keyring.open(urlsafe_b64decode(request.cookies.get(COOKIE, "")), _identity(link_id)).decode()
    except (NotBase64, UnreadableValue, ValueError):
        return ""


def forget_code(answer: Response, is_https: bool) -> None:
    answer.delete_cookie(COOKIE, path=request.path, secure=is_https, httponly=True, samesite="Lax")


def _identity(link_id: UUID) -> str:
    return f"link:{link_id}:code"
