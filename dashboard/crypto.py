"""Encryption at rest: the key ring, sealed values bound to their row, and keyed digests for search."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dashboard.smile.typed import number_key, number_keys

NONCE_BYTES = 12
KEY_ID_BYTES = 4


#: Shown on pages, in JSON and in packages instead of a value or file that cannot be opened.
CANNOT_BE_OPENED = "[cannot be opened]"


class UnreadableValue(Exception):
    """A sealed value or file cannot be opened: its key was removed too early, or it is damaged or missing."""


class KeyRing:
    """Seals with AES-256-GCM under the first key, and opens with any key. Values start with the id of their key.

    Code that acts on a value calls `open`, which raises UnreadableValue. Code that only shows values calls
    `open_or_none`, so that one damaged value does not hide the others.

    `associated_data` names the row and field that a value belongs to. It is authenticated but not stored, so a value
    that is copied into another row does not open there.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {hashlib.sha256(key).digest()[:KEY_ID_BYTES]: AESGCM(key) for key in keys}
        self._sealing_id = next(iter(self._keys))
        self._search_keys = [hashlib.sha256(b"search" + key).digest() for key in keys]
        self._address_keys = [hashlib.sha256(b"address" + key).digest() for key in keys]

    @classmethod
    def from_base64(cls, keys: Sequence[str]) -> "KeyRing":
        return cls([base64.b64decode(key) for key in keys])

    @property
    def sealing_id(self) -> bytes:
        """The prefix of every value that the first key sealed."""
        return self._sealing_id

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """The prefixes of the values that each key sealed, in the order of the keys."""
        return tuple(self._keys)

    def seal(self, plaintext: bytes, associated_data: str) -> bytes:
        return self.seal_with(self._sealing_id, plaintext, associated_data)

    def seal_with(self, key_id: bytes, plaintext: bytes, associated_data: str) -> bytes:
        """Seals with the given key, which need not be the first."""
        nonce = os.urandom(NONCE_BYTES)
        return key_id + nonce + self._keys[key_id].encrypt(nonce, plaintext, associated_data.encode())

    def open(self, sealed: bytes, associated_data: str) -> bytes:
        key_id, nonce = sealed[:KEY_ID_BYTES], sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        try:
            return self._keys[key_id].decrypt(nonce, sealed[KEY_ID_BYTES + NONCE_BYTES :], associated_data.encode())
        except (KeyError, InvalidTag, ValueError) as error:
            raise UnreadableValue(f"no key of the ring opens {associated_data}") from error

    def open_or_none(self, sealed: bytes, associated_data: str) -> bytes | None:
        try:
            return self.open(sealed, associated_data)
        except UnreadableValue:
            return None

    def seal_json(self, value: Any, associated_data: str) -> bytes:
        return self.seal(json.dumps(value, separators=(",", ":")).encode(), associated_data)

    def open_json(self, sealed: bytes, associated_data: str) -> Any:
        return json.loads(self.open(sealed, associated_data))

    def open_json_or_none(self, sealed: bytes, associated_data: str) -> Any | None:
        opened = self.open_or_none(sealed, associated_data)
        return None if opened is None else json.loads(opened)

    def seal_for_address(self, text: str, purpose: str) -> str:
        """Seals a text for a URL with a separate key. The nonce depends on the text, so one text has one address.

        A nonce therefore repeats only with its text, and nobody without the key can tell what a text is.
        """
        key, plaintext = self._address_keys[0], text.encode()
        nonce = hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).digest()[:NONCE_BYTES]
        sealed = nonce + AESGCM(key).encrypt(nonce, plaintext, purpose.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open_from_address(self, sealed: str, purpose: str) -> str | None:
        """The text; None if it was not sealed here for this purpose or its key is gone. Anybody can write a URL."""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        for key in self._address_keys:
            with suppress(InvalidTag, ValueError):
                return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        return None

    def digest_for_search(self, text: str) -> str:
        """A keyed digest: the same for the same text, and not reversible without the key."""
        return self.digests_for_search(text)[0]

    def digests_for_search(self, text: str) -> list[str]:
        """One digest per key, so that texts digested under an older key are still found."""
        wanted = text.strip().upper().encode()
        return [hmac.digest(key, wanted, "sha256").hex() for key in self._search_keys]

    def digest_of_number(self, number: str) -> str:
        """A digest that is the same for every spelling of a number."""
        return self.digest_for_search(number_key(number))

    def digests_of_number(self, typed: str) -> list[str]:
        """Every digest that a stored number may have, including those from before numbers were cleaned."""
        texts = [*number_keys(typed), typed]
        return list(dict.fromkeys(digest for text in texts for digest in self.digests_for_search(text)))

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"
