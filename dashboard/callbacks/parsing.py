"""Reads a callback's body strictly: what is not plain, bounded JSON is refused in one sentence, never by a crash."""

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 32
MAX_DIGITS = 100  # No number of Smile's has more than a score; Python is slow with thousands.


class Malformed(Exception):
    """The body is not JSON as we accept it. The message quotes nothing of the body."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two parsers may each believe another one of two equal keys, so there must not be two."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("The JSON has the same key twice in one object.")
    return fields


def _no_constant(_: str) -> NoReturn:
    raise Malformed("The JSON holds NaN or Infinity.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed("The JSON holds a number that is too long.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or math.isinf(number):
        raise Malformed("The JSON holds a number that is too big.")
    return number


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
)


def parse(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply.") from None
    except json.JSONDecodeError:
        raise Malformed("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Malformed("The JSON is not an object.")
    # Only an escape makes a NUL or half of a pair, and so few brackets cannot be nested too deeply.
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        _check_nesting_and_text(value)
    return value


def _check_nesting_and_text(value: dict[str, Any]) -> None:
    """Walks without recursion, since depth is what it guards against."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            parts = [*container, *container.values()] if isinstance(container, dict) else container
            for part in parts:
                if isinstance(part, str):
                    _check_text(part)
                elif isinstance(part, dict | list):
                    below.append(part)
        if not below:
            return
        level = below
    raise Malformed("The JSON is nested too deeply.")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Malformed("The JSON holds a NUL character.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("The JSON holds half of a surrogate pair.") from None
