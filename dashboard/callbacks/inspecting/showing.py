"""A callback as it came, as a request for a shell, and for programs. What is masked is said in jobs/personal.py."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from dashboard.jobs.showing.personal import MOST_SHOWN, SECRET_FIELDS, cut, fold_base64, fold_text, shown_body
from dashboard.web.pages.filters import MASK
from dashboard.web.pages.invisible_characters import Exact

JSON_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def masked_body(payload: dict[str, Any]) -> str:
    """For everybody: the fields as JSON, masked."""
    return json.dumps(shown_body(payload, is_revealed=False), ensure_ascii=False)


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
    return Exact(cut(fold_text(text)))


def as_curl(payload: dict[str, Any], is_revealed: bool, address: str) -> str:
    """The same request for a shell, but for the pair that would make anybody's body look signed."""
    shown = fold_base64(shown_body(payload, is_revealed))
    pair = {name: f"<{name}>" for name in payload if name.lower() in SECRET_FIELDS or name == "timestamp"}
    body = json.dumps(shown | pair)
    if len(body) > MOST_SHOWN:
        body = "@callback.json"
    words = ["curl", "-X", "POST", address, "-H", "Content-Type: application/json", "--data-binary", body]
    return " ".join(map(shlex.quote, words))


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
