"""Tokens: read, and kept until shortly before they expire."""

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dashboard.smile.v3.constants import PAYLOAD_FIELDS

#: A token is replaced this long before it expires, in seconds.
REPLACED_BEFORE_SECONDS = 60.0


@dataclass(frozen=True)
class Token:
    """A token of Smile. text: as it is sent. claims: what it says; nothing was verified, since Smile alone can.

    https://github.com/smileidentity/api-reference
    """

    text: str = field(repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def expires_at(self) -> datetime | None:
        """When it expires; None if it does not say so."""
        moment = self._expires_seconds
        try:
            return None if moment is None else datetime.fromtimestamp(moment, UTC)
        except (OverflowError, OSError, ValueError):
            return None

    @property
    def product(self) -> str | None:
        """The product that it is limited to, or None."""
        product = self.claims.get("product")
        return product if isinstance(product, str) else None

    @property
    def bound(self) -> frozenset[str]:
        """The fields that Smile takes from the token instead of the request."""
        payload = self.claims.get("payload")
        names = {name for name in PAYLOAD_FIELDS if isinstance(payload, Mapping) and payload.get(name)}
        return frozenset(names | {name for name in ("user_id",) if self.claims.get(name)})

    @property
    def _expires_seconds(self) -> float | None:
        moment = self.claims.get("exp")
        return moment if isinstance(moment, int | float) and not isinstance(moment, bool) else None


def read_token(text: str) -> Token:
    """The token with its claims; none are read from a text that is no JWT.

    https://github.com/smileidentity/api-reference
    """
    try:
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, binascii.Error, ValueError, RecursionError):
        claims = None
    return Token(text, claims if isinstance(claims, dict) else {})


class TokenCache:
    """Keeps one token for all requests. Threads may share it; one of them fetches, the others wait.

    fetch: gets a new token from Smile.
    """

    def __init__(self, fetch: Callable[[], Token]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._until = 0.0

    def get(self) -> Token:
        """A token that is valid for another minute. One that does not say when it expires is used once.

        Raises TransportFailed, Refused.
        """
        with self._lock:
            if self._token is None or time.time() >= self._until:
                self._token = self._fetch()
                expires = self._token.expires_at
                self._until = expires.timestamp() - REPLACED_BEFORE_SECONDS if expires else 0.0
            return self._token

    def drop(self, token: Token) -> None:
        """Forget a token that was refused, unless it has been replaced meanwhile."""
        with self._lock:
            if self._token is token:
                self._token = None
