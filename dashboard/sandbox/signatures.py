"""Both kinds of request signature, made and checked. Written apart from the client's, to be a second witness."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from dashboard.smile.constants import SIGNATURE_CONSTANT

#: From here on an integer timestamp counts milliseconds, as Smile's old JavaScript library sent them.
_MILLISECONDS_FROM = 100_000_000_000


class Signer:
    """Signs and checks for one partner. Checking something malformed is False, never an exception.

    `load_key` gives the RSA private key; it is called only when a sec_key is first met.
    https://docs.usesmileid.com/integration-options/rest-api/signing-your-api-request/generate-signature
    """

    def __init__(self, partner_id: str, api_key: str, load_key: Callable[[], rsa.RSAPrivateKey]) -> None:
        self.partner_id = partner_id
        self._api_key = api_key.encode()
        self._load_key = load_key

    @cached_property
    def legacy_key(self) -> rsa.RSAPrivateKey:
        return self._load_key()

    def secret(self, purpose: str) -> bytes:
        """A key for the simulator's own tokens and addresses, apart for each purpose."""
        return hmac.digest(self._api_key, purpose.encode(), "sha256")

    def sign(self, timestamp: str) -> str:
        """Base64 of HMAC-SHA256 over timestamp, partner id and a constant, keyed with the API key."""
        message = f"{timestamp}{self.partner_id}{SIGNATURE_CONSTANT}".encode()
        return base64.b64encode(hmac.digest(self._api_key, message, "sha256")).decode("ascii")

    def confirms(self, timestamp: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(timestamp).encode(), signature.encode("utf-8", "replace"))

    def sec_key(self, timestamp: int) -> str:
        """The server's sec_key: the hash under the private key, which the public key opens again."""
        digest = self._legacy_hash(timestamp).encode("ascii")
        sealed = self.legacy_key.sign(digest, padding.PKCS1v15(), utils.NoDigestInfo())
        return f"{base64.b64encode(sealed).decode('ascii')}|{digest.decode('ascii')}"

    def confirms_sec_key(self, timestamp: int, sec_key: str) -> bool:
        """Whether a client's sec_key holds the right hash, both in clear and under the public key."""
        sealed, _, claimed = sec_key.partition("|")
        expected = self._legacy_hash(timestamp).encode("ascii")
        try:
            opened = self.legacy_key.decrypt(base64.b64decode(sealed, validate=True), padding.PKCS1v15())
        except (binascii.Error, ValueError):
            return False
        given = claimed.encode("utf-8", "replace")
        return hmac.compare_digest(opened, expected) and hmac.compare_digest(given, expected)

    def fresh(self, legacy: bool, age_seconds: float = 0.0) -> dict[str, str | int]:
        """`timestamp` and `signature` for an answer or a callback, in the kind that the partner used."""
        moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - age_seconds, UTC)
        if legacy:
            seconds = int(moment.timestamp())
            return {"timestamp": seconds, "signature": self.sec_key(seconds)}
        timestamp = iso(moment)
        return {"timestamp": timestamp, "signature": self.sign(timestamp)}

    def _legacy_hash(self, timestamp: int) -> str:
        # The partner id is a number here, so "002" loses its padding.
        return hashlib.sha256(f"{int(self.partner_id)}:{timestamp}".encode()).hexdigest()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z, as Smile ID writes its timestamps."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_timestamp(text: str, iso_only: bool) -> datetime | None:
    """The moment a signed timestamp names, or None when it is not in an accepted form."""
    if iso_only and text[10:11] != "T":
        return None
    try:
        # Smile's Ruby library writes a blank before the offset.
        moment = datetime.fromisoformat(text if iso_only else text.replace(" +", "+").replace(" UTC", "Z"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None if iso_only else moment.replace(tzinfo=UTC)
    return moment


def read_legacy_timestamp(timestamp: int) -> float:
    """Seconds since 1970 of an integer timestamp in seconds or milliseconds."""
    return timestamp / 1000 if timestamp >= _MILLISECONDS_FROM else float(timestamp)
