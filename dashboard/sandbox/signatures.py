"""Makes and checks both kinds of signature. Its code is independent of the client's, so that one tests the other."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from dashboard.smile.constants import SIGNATURE_CONSTANT

#: An integer timestamp from here on is in milliseconds, as in Smile's old JavaScript library.
_MILLISECONDS_FROM = 100_000_000_000


class Signer:
    """Signs and checks for one partner. A malformed value is not confirmed, and raises nothing.

    load_key: returns the RSA private key; called when a sec_key is first needed.

    https://docs.usesmileid.com/integration-options/rest-api/signing-your-api-request/generate-signature
    """

    def __init__(self, partner_id: str, api_key: str, load_key: Callable[[], rsa.RSAPrivateKey]) -> None:
        self.partner_id = partner_id
        #: The first one signs, and requests may be signed with any of them.
        self.api_keys = [api_key]
        self._first_key = api_key.encode()
        self._load_key = load_key

    @cached_property
    def legacy_key(self) -> rsa.RSAPrivateKey:
        """The RSA private key of sec_keys."""
        return self._load_key()

    def secret(self, purpose: str) -> bytes:
        """A key for the simulator's own tokens and addresses, a different one for each purpose."""
        return hmac.digest(self._first_key, purpose.encode(), "sha256")

    def sign(self, timestamp: str, partner_id: str | None = None) -> str:
        """The signature: base64 of HMAC-SHA256 over timestamp, partner id and "sid_request", with the API key.

        partner_id: in another form than the partner's own, as v3 writes it.

        https://docs.usesmileid.com/integration-options/rest-api/signing-your-api-request/generate-signature
        """
        return self._signed(self.api_keys[0], timestamp, partner_id or self.partner_id)

    def confirms(self, timestamp: str, signature: str) -> bool:
        """Whether `signature` belongs to this timestamp, with any of the keys."""
        given = signature.encode("utf-8", "replace")
        expected = [self._signed(key, timestamp, self.partner_id).encode() for key in self.api_keys]
        return any(hmac.compare_digest(each, given) for each in expected)

    @staticmethod
    def _signed(api_key: str, timestamp: str, partner_id: str) -> str:
        message = f"{timestamp}{partner_id}{SIGNATURE_CONSTANT}".encode()
        return base64.b64encode(hmac.digest(api_key.encode(), message, "sha256")).decode("ascii")

    def sec_key(self, timestamp: int) -> str:
        """The sec_key of an answer: the hash encrypted with the private key, "|", and the hash.

        timestamp: seconds or milliseconds since 1970.
        Not documented any more; known from https://github.com/smileidentity/smile-identity-core-python
        """
        digest = self._legacy_hash(timestamp).encode("ascii")
        sealed = self.legacy_key.sign(digest, padding.PKCS1v15(), utils.NoDigestInfo())
        return f"{base64.b64encode(sealed).decode('ascii')}|{digest.decode('ascii')}"

    def confirms_sec_key(self, timestamp: int, sec_key: str) -> bool:
        """Whether a client's sec_key holds the right hash, both encrypted and in plain text.

        timestamp: seconds or milliseconds since 1970.
        Not documented any more; known from https://github.com/smileidentity/smile-identity-core-python
        """
        sealed, _, claimed = sec_key.partition("|")
        expected = self._legacy_hash(timestamp).encode("ascii")
        try:
            opened = self.legacy_key.decrypt(base64.b64decode(sealed, validate=True), padding.PKCS1v15())
        except (binascii.Error, ValueError):
            return False
        given = claimed.encode("utf-8", "replace")
        return hmac.compare_digest(opened, expected) and hmac.compare_digest(given, expected)

    def fresh(self, legacy: bool, age_seconds: float = 0.0) -> dict[str, str | int]:
        """The `timestamp` and `signature` of an answer or a callback.

        legacy: make a sec_key, with a timestamp in seconds since 1970. age_seconds: how old the timestamp is.
        """
        moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - age_seconds, UTC)
        if legacy:
            seconds = int(moment.timestamp())
            return {"timestamp": seconds, "signature": self.sec_key(seconds)}
        timestamp = iso(moment)
        return {"timestamp": timestamp, "signature": self.sign(timestamp)}

    def _legacy_hash(self, timestamp: int) -> str:
        # The partner id is a number here, so "002" loses its zeros.
        return hashlib.sha256(f"{int(self.partner_id)}:{timestamp}".encode()).hexdigest()


def iso(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with milliseconds and Z, as Smile ID writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_timestamp(text: str, iso_only: bool) -> datetime | None:
    """The moment that a signed timestamp names, or None if its form is not accepted.

    iso_only: accept ISO 8601 with a time zone only, not the other forms that Smile's libraries send.
    """
    if iso_only and text[10:11] != "T":
        return None
    try:
        # Smile's Ruby library writes a space before the offset.
        moment = datetime.fromisoformat(text if iso_only else text.replace(" +", "+").replace(" UTC", "Z"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None if iso_only else moment.replace(tzinfo=UTC)
    return moment


def read_legacy_timestamp(timestamp: int) -> float:
    """The seconds since 1970 of an integer timestamp in seconds or milliseconds."""
    return timestamp / 1000 if timestamp >= _MILLISECONDS_FROM else float(timestamp)
