"""Makes and reads JSON Web Tokens (HS256 only) for the hosted pages."""

import base64
import binascii
import hmac
import json
from typing import Any


def mint(claims: dict[str, Any], key: bytes) -> str:
    """A signed token with these claims."""
    signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
    return f"{signed}.{_base64url(hmac.digest(key, signed.encode(), 'sha256'))}"


def read(token: str, key: bytes) -> dict[str, Any] | None:
    """The claims of a token that was signed with `key`, else None. Expiry is not checked."""
    signed, _, given = token.rpartition(".")
    expected = _base64url(hmac.digest(key, signed.encode("utf-8", "replace"), "sha256"))
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        return None
    payload = signed.partition(".")[2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def _encode(part: dict[str, Any]) -> str:
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
