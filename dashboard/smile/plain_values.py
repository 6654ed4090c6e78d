"""Converts Python values to values that JSON can carry: dates to ISO 8601, UUIDs to text, ..."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

DEEPEST = 30


class NotPlain(Exception):
    """A value that JSON cannot carry; the message names its place and type, never the value itself."""


def plain(value: Any, where: str = "") -> Any:
    """`value` converted to what JSON can carry.

    where: the path to the value, for the error. A path that ends in `dob` is a day, without a time.
    A datetime with a time zone is converted to UTC, one without stays as it is. A decimal becomes text.
    Raises NotPlain for other types, for numbers that are not finite, and for more than 30 levels.
    """
    return _plain(value, where, 0)


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise NotPlain("is nested too deeply")
    if isinstance(value, Enum):
        return _plain(value.value, where, depth + 1)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        # Text keeps every digit, and trailing zeros.
        return f"{value:f}"
    if isinstance(value, date):
        return _moment(value, is_day=where.rpartition(".")[2] == "dob")
    if isinstance(value, Mapping):
        return {_name(key, where): _plain(item, _joined(where, key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{position}]", depth + 1) for position, item in enumerate(value)]
    kind = "a number that is not finite" if isinstance(value, float | Decimal) else f"a value of type {_type(value)}"
    raise NotPlain(f"holds {kind}, which JSON cannot carry" + (f", at {where}" if where else ""))


def _moment(value: date, *, is_day: bool) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if is_day:
        return value.date().isoformat()
    if value.tzinfo is None:
        return value.isoformat()
    try:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:  # the first or the last day of the calendar
        return value.isoformat()


def _name(key: Any, where: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return key
    if isinstance(key, int | UUID) and not isinstance(key, bool):
        return str(key)
    raise NotPlain(f"has a name of type {_type(key)}, which JSON cannot carry" + (f", at {where}" if where else ""))


def _joined(where: str, key: Any) -> str:
    name = key.value if isinstance(key, Enum) else key
    return f"{where}.{name}" if where else str(name)


def _type(value: Any) -> str:
    return type(value).__name__
