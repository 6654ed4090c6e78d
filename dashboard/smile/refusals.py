"""Turns any kind of error answer into a Refused without secrets or personal data."""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dashboard.smile.errors import Refused
from dashboard.smile.results import text_of

REMOVED = "[removed]"
LONGEST_TEXT = 500
LONGEST_REASON = 200

#: Keys of an error answer that explain it; others may repeat what was sent and are removed.
_EXPLAINING_KEYS = frozenset({"code", "error", "errors", "message", "success", "status", "ResultCode", "ResultText"})
#: Fields of a request about the partner and the job, not about a person; an error may repeat them.
_HARMLESS_FIELDS = frozenset(
    {"partner_id", "smile_client_id", "country", "id_type", "product", "file_name", "source_sdk", "source_sdk_version"}
    | {"user_id", "job_id", "job_type", "environment", "currency", "business_type", "verification_method", "entered"}
    | {"reason", "comparison_image_type", "news_category", "utility_type", "locale", "continent", "country_code"}
)
#: Signatures, keys and digests (long runs without a break), tokens, and the query of a signed address.
_SECRET_LOOKING = re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|[A-Za-z0-9+/_]{32,}={0,2}|(?<=\?)\S+=\S+")
_STORE_CODE = re.compile(r"<Code>\s*([\w.]{1,80})\s*</Code>")
_STORE_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")
#: Where servers and gateways put their error message, the best key first.
_REASON_KEYS = ("error", "errors", "message", "messages", "error_description", "detail", "details", "reason", "title")
_FIELD_KEYS = ("field", "param", "parameter", "path")
_CODE_KEYS = ("code", "error_code", "ResultCode")
_MOST_REASONS = 5
_DEEPEST = 5
_HEADING = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def refusal(status: int, headers: Mapping[str, str], content: bytes, answer: Any, sent: Mapping[str, Any]) -> Refused:
    """The error for an answer of Smile, a gateway or the object store.

    status: the HTTP status. content: the body in bytes. answer: the body as JSON, or None where it is not JSON.
    sent: the fields of the request, so that their values can be removed from the error.
    """
    secrets = sorted(_personal_values(sent), key=len, reverse=True)
    retry_after = _seconds(headers.get("Retry-After"))
    text = content[:65536].decode("utf-8", "replace")
    if isinstance(answer, dict | list | str):
        code = _code(answer, 0)
        reasons = list(dict.fromkeys(_clean(reason, secrets) for reason in _reasons(answer, 0)))
        return Refused(
            status,
            None if code is None else _clean(code, secrets),
            "; ".join(reasons[:_MOST_REASONS])[:LONGEST_TEXT],
            _cleaned_body(answer, secrets) if isinstance(answer, dict) else _cleaned_value(answer, secrets),
            retry_after,
        )
    if store_code := _STORE_CODE.search(text):
        message = _STORE_MESSAGE.search(text)
        reason = _clean(message[1], secrets) if message else ""
        return Refused(status, store_code[1], reason, f"{store_code[1]}: {reason}", retry_after)
    page = _clean(_without_tags(text), secrets)
    heading = _HEADING.search(text)
    # A page without a heading that is longer than a sentence gives no useful reason.
    reason = _clean(_without_tags(heading[2]), secrets) if heading else page if len(page) <= LONGEST_REASON else ""
    return Refused(status, None, reason, page, retry_after)


def _code(answer: Any, depth: int) -> str | None:
    """The first code in the answer, at the top or inside the keys that explain it."""
    if depth > _DEEPEST:
        return None
    if isinstance(answer, list):
        return next((code for item in answer[:20] if (code := _code(item, depth + 1))), None)
    if not isinstance(answer, dict):
        return None
    for name in _CODE_KEYS:
        code = answer.get(name)
        if not isinstance(code, bool) and isinstance(code, str | int) and code != "":
            return str(code)
    return next((code for name in _REASON_KEYS if (code := _code(answer.get(name), depth + 1))), None)


def _reasons(answer: Any, depth: int) -> Iterator[str]:
    """The messages of an error, whether it is text, a list, an object, or a nested mixture."""
    if isinstance(answer, str):
        if text := _without_tags(answer):
            yield text
    elif depth > _DEEPEST:
        return
    elif isinstance(answer, list):
        for item in answer[:20]:
            yield from _reasons(item, depth + 1)
    elif isinstance(answer, dict):
        about = next((f"{answer[name]}: " for name in _FIELD_KEYS if isinstance(answer.get(name), str)), "")
        for name in _REASON_KEYS:
            if reasons := list(_reasons(answer.get(name), depth + 1)):
                # The first key is enough: others say the same in other words, or repeat the request.
                yield from (about + reason for reason in reasons)
                return
        if depth and not about:
            # The usual shape of a validation error: field -> message.
            for name, value in list(answer.items())[:20]:
                yield from (f"{name}: {reason}" for reason in _reasons(value, depth + 1) if name not in _CODE_KEYS)


def _without_tags(text: str) -> str:
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())


def _cleaned_body(answer: dict[str, Any], secrets: list[str]) -> dict[str, Any]:
    return {
        _clean(key, secrets): _cleaned_value(value, secrets) if key in _EXPLAINING_KEYS else REMOVED
        for key, value in answer.items()
    }


def _cleaned_value(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _clean(value, secrets)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [_cleaned_value(item, secrets) if isinstance(item, str) else REMOVED for item in value[:20]]
    return REMOVED


def _clean(text: str, secrets: list[str]) -> str:
    text = text_of(text)
    for secret in secrets:
        text = _without(text, secret)
    return _SECRET_LOOKING.sub(REMOVED, text)[:LONGEST_TEXT]


def _without(text: str, secret: str) -> str:
    """`text` without the secret, in upper or lower case."""
    folded, wanted = text.lower(), secret.lower()
    if len(folded) != len(text) or not wanted:  # lower-casing a few letters makes two of them
        return text.replace(secret, REMOVED)
    pieces, start = [], 0
    while (found := folded.find(wanted, start)) >= 0:
        pieces.append(text[start:found])
        start = found + len(wanted)
    return REMOVED.join([*pieces, text[start:]])


def _personal_values(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _personal_values(value)
        elif isinstance(value, list):
            yield from _personal_values({f"{name}[{position}]": item for position, item in enumerate(value)})
        # Removing very short values ("M", "ok") would damage every sentence and hide nothing.
        elif isinstance(value, str) and len(value) >= 3 and name not in _HARMLESS_FIELDS:
            yield value


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header, which holds a number or a date."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
