"""Turns an error answer of any kind into a Refused, with everything secret or personal taken out of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dashboard.smile.errors import Refused
from dashboard.smile.results import text_of

REMOVED = "[removed]"
LONGEST_TEXT = 500

#: Keys of an error answer that explain it; anything else may repeat what was sent and is taken out.
_EXPLAINING_KEYS = frozenset({"code", "error", "errors", "message", "success", "status", "ResultCode", "ResultText"})
#: What a request says about us and the job rather than about a person; it may be repeated in an error.
_HARMLESS_FIELDS = frozenset(
    {"partner_id", "smile_client_id", "country", "id_type", "product", "file_name", "source_sdk", "source_sdk_version"}
    | {"user_id", "job_id", "job_type", "environment", "currency", "business_type", "verification_method", "entered"}
)
#: Signatures, keys and digests (long unbroken runs), tokens, and the query of a signed address.
_SECRET_LOOKING = re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|[A-Za-z0-9+/_]{32,}={0,2}|(?<=\?)\S+=\S+")
_STORE_CODE = re.compile(r"<Code>\s*([\w.]{1,80})\s*</Code>")
_STORE_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def refusal(status: int, headers: Mapping[str, str], content: bytes, answer: Any, sent: Mapping[str, Any]) -> Refused:
    """answer: the content as JSON, or None where it is none. sent: the fields of the request."""
    secrets = sorted(_personal_values(sent), key=len, reverse=True)
    retry_after = _seconds(headers.get("Retry-After"))
    if isinstance(answer, dict):
        code = answer.get("code")
        reason = answer.get("error") or answer.get("message")
        return Refused(
            status,
            _clean(str(code), secrets) if isinstance(code, str | int) and not isinstance(code, bool) else None,
            _clean(reason, secrets) if isinstance(reason, str) else "",
            _cleaned_body(answer, secrets),
            retry_after,
        )
    text = content[:65536].decode("utf-8", "replace")
    if store_code := _STORE_CODE.search(text):
        message = _STORE_MESSAGE.search(text)
        reason = _clean(message[1], secrets) if message else ""
        return Refused(status, store_code[1], reason, f"{store_code[1]}: {reason}", retry_after)
    return Refused(status, None, "", _clean(" ".join(_TAGS.sub(" ", text).split()), secrets), retry_after)


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
        text = text.replace(secret, REMOVED)
    return _SECRET_LOOKING.sub(REMOVED, text)[:LONGEST_TEXT]


def _personal_values(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _personal_values(value)
        # Very short values ("M", "ok") would tear holes into every sentence and tell nothing.
        elif isinstance(value, str) and len(value) >= 3 and name not in _HARMLESS_FIELDS:
            yield value


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After is a number of seconds or a date."""
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
