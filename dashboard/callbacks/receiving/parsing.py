"""Reads a callback's body strictly: what is not plain, bounded JSON is refused in one sentence, never by a crash."""

import json
import math
from typing import Any, NoReturn

from dashboard.callbacks.refused.reasons import RefusalReason

MAX_DEPTH = 32
MAX_DIGITS = 100  # No number of Smile's has more than a score; Python is slow with thousands.


#: RFC 8259, section 8.1: nobody may send one, and who reads may ignore it. Some senders' tools put it there unasked.
BYTE_ORDER_MARK = "\ufeff"
NUL, NUL_MARK = "\0", "\N{REPLACEMENT CHARACTER}"


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
