"""What of a callback a person or program gets to see: signatures never, a customer's details by permission."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from dashboard.jobs.personal import IMPERSONAL_KEYS, base64_note, fold_base64

MASK = "[masked]"
#: A page stays light however long a body is; the twin has all of it.
MOST_SHOWN = 40_000
#: A signature fits any body, so whoever reads one could send a callback of their own with it.
SECRET_FIELDS = frozenset({"signature", "sec_key"})
WHOLLY_IMPERSONAL_FIELDS = frozenset({"Actions"})

LONG_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{200,}={0,2}")
JSON_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
#: Control characters, and those that turn the direction of text: shown as they are, they hide what is really there.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def shown_payload(payload: dict[str, Any], may_reveal: bool) -> dict[str, Any]:
    return {name: _shown_field(name, value, may_reveal) for name, value in payload.items()}


def pretty_json(payload: dict[str, Any], may_reveal: bool) -> str:
    """Indented, and with what is long and unreadable folded to its size."""
    shown = fold_base64(shown_payload(payload, may_reveal))
    return _cut(visible(json.dumps(shown, indent=2, ensure_ascii=False)))


def body_as_received(body: str, payload: dict[str, Any], may_reveal: bool) -> str:
    """The very text that came, except for signatures; without permission to reveal, the masked fields as JSON."""
    if not may_reveal:
        return json.dumps(shown_payload(payload, may_reveal), ensure_ascii=False)
    secrets = set(_secrets_in(payload))

    # A key or value may be written with escapes, so each text is compared by what it means.
    def mask_secret(found: re.Match[str]) -> str:
        return json.dumps(MASK) if json.loads(found[0]) in secrets else found[0]

    return JSON_STRING.sub(mask_secret, body)


def raw_text(body: str, payload: dict[str, Any]) -> str:
    """For the page, to somebody who may reveal: as received, with long base64 folded."""
    text = body_as_received(body, payload, may_reveal=True)
    return _cut(visible(LONG_BASE64.sub(lambda found: base64_note(found[0]), text)))


def as_curl(payload: dict[str, Any], may_reveal: bool, address: str) -> str:
    """The same request for a shell, but for the pair that would make anybody's body look signed."""
    shown = fold_base64(shown_payload(payload, may_reveal))
    pair = {name: f"<{name}>" for name in payload if name.lower() in SECRET_FIELDS or name == "timestamp"}
    body = json.dumps(shown | pair)
    if len(body) > MOST_SHOWN:
        body = "@callback.json"
    words = ["curl", "-X", "POST", address, "-H", "Content-Type: application/json", "--data-binary", body]
    return " ".join(map(shlex.quote, words))


def visible(text: str) -> str:
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n... {len(text) - MOST_SHOWN:,} characters more"


def _shown_field(name: str, value: Any, may_reveal: bool) -> Any:
    if name.lower() in SECRET_FIELDS:
        return MASK
    if not may_reveal and name not in IMPERSONAL_KEYS:
        return MASK
    return _shown(value, may_reveal or name in WHOLLY_IMPERSONAL_FIELDS)


def _shown(value: Any, may_reveal: bool) -> Any:
    if isinstance(value, dict):
        return shown_payload(value, may_reveal)
    if isinstance(value, list):
        return [_shown(part, may_reveal) for part in value]
    return value


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name.lower() in SECRET_FIELDS and isinstance(part, str) and part:
                yield part
            else:
                yield from _secrets_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _secrets_in(part)
