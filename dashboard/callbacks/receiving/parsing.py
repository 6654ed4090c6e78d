"""Reads a callback's body: strictly as JSON, then for what receiving needs of it."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.smile.results import parse_result
from dashboard.smile.typed import fold, number_key

MAX_DEPTH = 32
MAX_DIGITS = 100  # No number of Smile's has more than a score; Python is slow with thousands.
#: RFC 8259, section 8.1: nobody may send one, and who reads may ignore it. Some senders' tools put it there unasked.
BYTE_ORDER_MARK = "\ufeff"
NUL, NUL_MARK = "\0", "\N{REPLACEMENT CHARACTER}"
MAX_FACT = 200  # Longer ones are still in the body; what is searched and shown in lists stays short.
MILLISECONDS_BEGIN_AT = 10**11  # As seconds this is the year 5138, as milliseconds 1973.


class Malformed(Exception):
    """The body is not JSON as we accept it. The message quotes nothing of the body."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two parsers may each believe another one of two equal keys, so there must not be two."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed(RefusalReason.DUPLICATE_KEY, "The JSON has the same key twice in one object.")
    return fields


def _no_constant(_: str) -> NoReturn:
    raise Malformed(RefusalReason.NOT_A_NUMBER, "The JSON holds NaN or Infinity.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(RefusalReason.LONG_NUMBER, "The JSON holds a number that is too long.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or math.isinf(number):
        raise Malformed(RefusalReason.LONG_NUMBER, "The JSON holds a number that is too big.")
    return number


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
)


def parse(body: bytes) -> dict[str, Any]:
    """A NUL in a text is read as a visible mark: no database keeps it as text, and no page shows it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(RefusalReason.NOT_UTF8, "The body is not UTF-8.") from None
    try:
        value = DECODER.decode(text.removeprefix(BYTE_ORDER_MARK))
    except RecursionError:
        raise Malformed(RefusalReason.NESTED, "The JSON is nested too deeply.") from None
    except json.JSONDecodeError:
        raise Malformed(RefusalReason.NOT_JSON, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Malformed(RefusalReason.NOT_AN_OBJECT, "The JSON is not an object.")
    # Only an escape makes a NUL or half of a pair, and so few brackets cannot be nested too deeply.
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        _check_nesting_and_text(value)
    return _with_marks(value) if "\\u0000" in text else value


def _check_nesting_and_text(value: dict[str, Any]) -> None:
    """Walks without recursion, since depth is what it guards against."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            parts = [*container, *container.values()] if isinstance(container, dict) else container
            if isinstance(container, dict) and any(NUL in key for key in container):
                raise Malformed(RefusalReason.NUL_IN_KEY, "The JSON holds a NUL character in a key.")
            for part in parts:
                if isinstance(part, str):
                    _check_text(part)
                elif isinstance(part, dict | list):
                    below.append(part)
        if not below:
            return
        level = below
    raise Malformed(RefusalReason.NESTED, "The JSON is nested too deeply.")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed(RefusalReason.SURROGATE, "The JSON holds half of a surrogate pair.") from None


def _with_marks(value: Any) -> Any:
    """Recursive, since the depth was checked."""
    if isinstance(value, str):
        return value.replace(NUL, NUL_MARK)
    if isinstance(value, dict):
        return {key: _with_marks(part) for key, part in value.items()}
    return [_with_marks(part) for part in value] if isinstance(value, list) else value


class Facts(NamedTuple):
    timestamp: str | int | float | None
    signature: str | None  # or a sec_key, which a partner with a legacy key gets instead
    has_signature: bool  # also true when it is not even text
    job_id: str
    smile_job_id: str
    job_type: int | None
    country: str | None
    id_type: str | None
    id_number: str
    result_code: str | None
    result_text: str | None
    search_text: str

    @property
    def signed_at(self) -> datetime | None:
        return read_timestamp(self.timestamp)


def read_facts(payload: dict[str, Any]) -> Facts:
    """In either shape: that of job_status is read through its `result`, and signed around it."""
    result = parse_result(payload)
    signature = payload.get("signature") or payload.get("sec_key")
    timestamp = payload.get("timestamp")
    is_readable = isinstance(timestamp, str | int | float) and not isinstance(timestamp, bool)
    job_id, smile_job_id = result.job_id[:MAX_FACT], result.smile_job_id[:MAX_FACT]
    result_code, result_text = _short(result.code), _short(result.text)
    country, id_type = result.value("Country")[:MAX_FACT], result.value("IDType")[:MAX_FACT]
    # Ids, codes and kinds only: what describes the customer is never searchable in plain text.
    ids = [job_id, result.user_id[:MAX_FACT], smile_job_id]
    kinds = [result.value("ResultType")[:MAX_FACT], result.value("Source")[:MAX_FACT], country, id_type]
    searchable = " ".join(filter(None, [*ids, result_code, result_text, *kinds])).lower()
    return Facts(
        timestamp=timestamp if is_readable and timestamp != "" else None,
        signature=signature if isinstance(signature, str) else None,
        has_signature=bool(signature),
        job_id=job_id,
        smile_job_id=smile_job_id,
        job_type=result.job_type,
        country=country or None,
        id_type=id_type or None,
        id_number=number_key(result.value("IDNumber")[:MAX_FACT]),
        result_code=result_code,
        result_text=result_text,
        search_text=with_folded_ids(searchable, ids),
    )


def with_folded_ids(search_text: str, ids: Sequence[str]) -> str:
    """Behind the text, each id as it is compared in search, where that is something else.

    A mark before each keeps them apart from whole words, by which a person is found.
    """
    folded = dict.fromkeys(fold(each) for each in ids)
    return " ".join([search_text, *(f"~{each}" for each in folded if each and each not in search_text.split())])


def read_timestamp(value: str | float | None) -> datetime | None:
    """ISO 8601, or a number of seconds or milliseconds; a time without zone counts as UTC."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit()):
            return _read_iso(value)
        if len(value) > 18:
            return None
        value = int(value)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS_BEGIN_AT else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _short(text: str | None) -> str | None:
    return text[:MAX_FACT] if text else None
