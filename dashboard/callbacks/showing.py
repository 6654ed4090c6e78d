"""What of a callback a person or program gets to see: signatures never, a customer's details once revealed."""

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


def shown_payload(payload: dict[str, Any], is_revealed: bool) -> dict[str, Any]:
    return {name: _shown_field(name, value, is_revealed) for name, value in payload.items()}


def pretty_json(payload: dict[str, Any], is_revealed: bool) -> str:
    """Indented, and with what is long and unreadable folded to its size."""
    shown = fold_base64(shown_payload(payload, is_revealed))
    return _cut(visible(json.dumps(shown, indent=2, ensure_ascii=False)))


def masked_body(payload: dict[str, Any]) -> str:
    """For everybody: the fields as JSON, masked."""
    return json.dumps(shown_payload(payload, is_revealed=False), ensure_ascii=False)


def body_as_received(body: str, payload: dict[str, Any]) -> str:
    """The very text that came, except for signatures: only after a press that the trail records."""
    secrets = set(_secrets_in(payload))

    # A key or value may be written with escapes, so each text is compared by what it means.
    def mask_secret(found: re.Match[str]) -> str:
        return json.dumps(MASK) if json.loads(found[0]) in secrets else found[0]

    return JSON_STRING.sub(mask_secret, body)


def raw_text(body: str, payload: dict[str, Any]) -> str:
    """For the page, once it is revealed: as received, with long base64 folded."""
    text = body_as_received(body, payload)
    return _cut(visible(LONG_BASE64.sub(lambda found: base64_note(found[0]), text)))


def as_curl(payload: dict[str, Any], is_revealed: bool, address: str) -> str:
    """The same request for a shell, but for the pair that would make anybody's body look signed."""
    shown = fold_base64(shown_payload(payload, is_revealed))
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


def _shown_field(name: str, value: Any, is_revealed: bool) -> Any:
    if name.lower() in SECRET_FIELDS:
        return MASK
    if not is_revealed and name not in IMPERSONAL_KEYS:
        return MASK
    return _shown(value, is_revealed or name in WHOLLY_IMPERSONAL_FIELDS)


def _shown(value: Any, is_revealed: bool) -> Any:
    if isinstance(value, dict):
        return shown_payload(value, is_revealed)
    if isinstance(value, list):
        return [_shown(part, is_revealed) for part in value]
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
