"""A callback's body as received, as JSON and as a curl command. jobs/showing/personal.py decides what is masked."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.callbacks.receiving.parsing import JOB_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, USER_HEADER
from dashboard.jobs.showing.personal import MOST_SHOWN, SECRET_FIELDS, cut, fold_base64, fold_text, shown_body
from dashboard.web.pages.filters import MASK
from dashboard.web.pages.invisible_characters import MarkEverything

JSON_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def masked_body(payload: dict[str, Any]) -> str:
    """The fields as JSON, masked, for every role."""
    return json.dumps(shown_body(payload, is_revealed=False), ensure_ascii=False)


def body_as_received(body: str, payload: dict[str, Any]) -> str:
    """The text exactly as received, except for signatures. Only for pages after a reveal."""
    secrets = set(_secrets_in(payload))

    # A key or value may contain escapes, so the decoded texts are compared.
    def mask_secret(found: re.Match[str]) -> str:
        return json.dumps(MASK) if json.loads(found[0]) in secrets else found[0]

    return JSON_STRING.sub(mask_secret, body)


def raw_text(body: str, payload: dict[str, Any]) -> str:
    """The body as received, with long base64 folded, for the revealed page."""
    text = body_as_received(body, payload)
    return MarkEverything(cut(fold_text(text)))


def as_curl(payload: dict[str, Any], headers: Mapping[str, str], is_revealed: bool, address: str) -> str:
    """The request as a curl command, without timestamp and signature: with them any body would count as signed."""
    shown = fold_base64(shown_body(payload, is_revealed))
    pair = {name: f"<{name}>" for name in payload if name.lower() in SECRET_FIELDS or name == "timestamp"}
    body = json.dumps(shown | pair)
    if len(body) > MOST_SHOWN:
        body = "@callback.json"
    named = [part for name, value in _own_headers(headers) for part in ("-H", f"{name}: {value}")]
    words = ["curl", "-X", "POST", address, "-H", "Content-Type: application/json", *named, "--data-binary", body]
    return " ".join(map(shlex.quote, words))


def _own_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The headers that a webhook of v3 needs, without its timestamp and signature."""
    if SIGNATURE_HEADER in headers:
        yield TIMESTAMP_HEADER, "<timestamp>"
        yield SIGNATURE_HEADER, "<signature>"
        yield from ((name, headers[name]) for name in (JOB_HEADER, USER_HEADER) if name in headers)


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
