"""Makes and checks the proof that a message is a partner's: the HMAC signature, and the legacy sec_key."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeGuard

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dashboard.smile.constants import SIGNATURE_CONSTANT
from dashboard.smile.errors import InvalidRequest

_SURROGATE = re.compile("[\ud800-\udfff]")


class Signature:
    """Makes and checks the signatures of one partner with one key.

    partner_id: text as the portal shows it, leading zeros kept.
    api_key: a current key, or a v1 key (base64 of a PEM public key), which alone can make a sec_key.
    Raises InvalidRequest when either is missing.

    https://docs.usesmileid.com/further-reading/security-overview
    """

    def __init__(self, partner_id: str, api_key: str) -> None:
        wrong = {}
        if not _is_text(partner_id):
            wrong["partner_id"] = "has to be the text that the portal shows, with its leading zeros"
        if not _is_text(api_key):
            wrong["api_key"] = "has to be the text that the portal shows"
        if wrong:
            raise InvalidRequest(wrong)
        self.partner_id = partner_id
        self._api_key = api_key

    @property
    def has_legacy_key(self) -> bool:
        """Whether the key is a v1 key, so that requests carry a sec_key by default."""
        return self._public_key is not None

    def generate_signature(self, timestamp: str | datetime | float | None = None) -> dict[str, str]:
        """Sign `timestamp`, by default the present moment.

        timestamp: text is signed as it is; a datetime needs a time zone; a number is milliseconds since 1970.
        Returns {"signature": base64 text, "timestamp": text}; send both unchanged.
        Raises InvalidRequest for any other timestamp.

        https://docs.usesmileid.com/integration-options/rest-api/signing-your-api-request/generate-signature
        """
        text = _timestamp_text(timestamp)
        return {"signature": base64.b64encode(self.digest(text)).decode(), "timestamp": text}

    def confirm_signature(self, timestamp: object, signature: object) -> bool:
        """Whether `signature` was made with this key over `timestamp`; False for anything malformed.

        A signature covers the timestamp and the partner id, not the message around it.

        https://docs.usesmileid.com/further-reading/security-overview
        """
        if timestamp is None or not isinstance(signature, str):
            return False
        try:
            expected = base64.b64encode(self.digest(_timestamp_text(timestamp)))
        except InvalidRequest:
            return False
        return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))

    def generate_sec_key(self, timestamp: int | str | None = None) -> dict[str, Any]:
        """Make a legacy sec_key.

        timestamp: whole seconds since 1970, by default now; milliseconds are signed just as well.
        Returns {"sec_key": text, "timestamp": int}.
        Raises InvalidRequest without a v1 key, or if the partner id or the timestamp is not a number.

        Not documented any more; known from Smile's libraries before version 2:
        https://github.com/smileidentity/smile-identity-core-python
        """
        if self._public_key is None:
            raise InvalidRequest({"api_key": "a sec_key needs a v1 key: base64 of a PEM public key"})
        moment = int(datetime.now(UTC).timestamp()) if timestamp is None else _whole_number(timestamp)
        if moment is None:
            raise InvalidRequest({"timestamp": "has to be a whole number of seconds since 1970"})
        digest = self._legacy_hash(moment)
        if digest is None:
            raise InvalidRequest({"partner_id": "has to be a number to make a sec_key"})
        encrypted = base64.b64encode(self._public_key.encrypt(digest, PKCS1v15()))
        return {"sec_key": f"{encrypted.decode()}|{digest.decode()}", "timestamp": moment}

    def confirm_sec_key(self, timestamp: object, sec_key: object) -> bool:
        """Whether Smile made `sec_key` for this partner and timestamp; False for anything malformed.

        timestamp: seconds or milliseconds since 1970. The two arguments may be swapped, as Smile's own documents do.
        Only a sec_key made with Smile's private key is confirmed, never one that `generate_sec_key` made.

        Not documented any more; known from Smile's libraries before version 2:
        https://github.com/smileidentity/smile-identity-core-python
        """
        if isinstance(timestamp, str) and "|" in timestamp:
            timestamp, sec_key = sec_key, timestamp
        moment = _whole_number(timestamp)
        if self._public_key is None or moment is None or not isinstance(sec_key, str):
            return False
        digest = self._legacy_hash(moment)
        signed, _, claimed = sec_key.partition("|")
        if digest is None or not hmac.compare_digest(digest, claimed.encode("utf-8", "replace")):
            return False
        try:
            recovered = self._public_key.recover_data_from_signature(
                base64.b64decode(signed, validate=True), PKCS1v15(), None
            )
        except (InvalidSignature, ValueError):
            return False
        return hmac.compare_digest(digest, recovered)

    def digest(self, timestamp: str) -> bytes:
        """The 32 bytes of the signature over this text, which `generate_signature` writes in base64.

        https://docs.usesmileid.com/further-reading/security-overview
        """
        message = f"{timestamp}{self.partner_id}{SIGNATURE_CONSTANT}".encode()
        return hmac.digest(self._api_key.encode(), message, "sha256")

    def _legacy_hash(self, timestamp: int) -> bytes | None:
        partner = _whole_number(self.partner_id)
        if partner is None:
            return None
        return hashlib.sha256(f"{partner}:{timestamp}".encode()).hexdigest().encode()

    @cached_property
    def _public_key(self) -> RSAPublicKey | None:
        try:
            pem = base64.b64decode("".join(self._api_key.split()), validate=True)
            key = load_pem_public_key(pem)
        except (binascii.Error, ValueError, UnsupportedAlgorithm):
            return None
        return key if isinstance(key, RSAPublicKey) else None


def _timestamp_text(timestamp: object) -> str:
    """The text to sign and to send: Smile signs over it literally."""
    if _is_text(timestamp):
        return timestamp
    if timestamp is None:
        # Finer than Smile's milliseconds: two signatures of the same millisecond would be equal, and a genuine callback
        # would look like one of the partner's requests sent back.
        return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    try:
        if isinstance(timestamp, int | float) and not isinstance(timestamp, bool):
            timestamp = datetime.fromtimestamp(timestamp / 1000, UTC)
        # A datetime without a time zone would be signed as UTC and be hours off.
        if isinstance(timestamp, datetime) and timestamp.tzinfo is not None:
            return timestamp.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        pass
    raise InvalidRequest({"timestamp": "has to be text, a datetime with its zone, or milliseconds since 1970"})


def _is_text(value: object) -> TypeGuard[str]:
    """Whether `value` is text that can be encoded; a lone surrogate cannot."""
    return isinstance(value, str) and bool(value) and not _SURROGATE.search(value)


def _whole_number(value: object) -> int | None:
    """A decimal number of at most 18 digits; int() would also accept signs, underscores and endless input."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < 10**18 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None
