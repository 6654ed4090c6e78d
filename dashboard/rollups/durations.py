"""Durations as classes of a histogram: the first two digits of their milliseconds, by twos or fours if they are high.

So 4712 is 4400, with all up to 4799. Each class is at most a tenth longer at its end than at its beginning, so that any
quantile that is read from how many rows each class has is at most 5 % away from the exact one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

DIGITS = 2
MILLISECOND = timedelta(milliseconds=1)


def duration_class(begin: datetime | None, end: datetime | None) -> str:
    """The class of the time from `begin` to `end`, as text; empty if one of them is missing."""
    return "" if begin is None or end is None else str(class_of(milliseconds_between(begin, end)))


def class_of(milliseconds: int) -> int:
    """The shortest duration of its class."""
    return milliseconds - milliseconds % width_of(milliseconds)


def width_of(milliseconds: int) -> int:
    """How many milliseconds the class of this duration has."""
    digits = str(milliseconds)
    return _step(int(digits[:DIGITS])) * int(10 ** max(0, len(digits) - DIGITS))


def milliseconds_between(begin: datetime, end: datetime) -> int:
    """Zero if they are the wrong way round."""
    return max(0, _whole_milliseconds(end) - _whole_milliseconds(begin))


def _step(first: int) -> int:
    """How many values of the first two digits one class has."""
    return 1 if first < 20 else 2 if first < 40 else 4


def _whole_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def quantile(counts: Mapping[str, int], share: float) -> timedelta | None:
    """The shortest duration that this share of the rows does not exceed, from how many rows each class has."""
    in_order = sorted((int(each), count) for each, count in counts.items() if each)
    wanted = ceil(share * sum(count for _, count in in_order))
    for shortest, count in in_order:
        wanted -= count
        if wanted <= 0 < count:
            return _middle(shortest) * MILLISECOND
    return None


def _middle(shortest: int) -> float:
    """The duration that is equally far, as a factor, from both ends of the class."""
    width = width_of(shortest)
    return shortest if width == 1 else sqrt(shortest * (shortest + width))


class DurationClass(FunctionElement[str]):
    """`duration_class` for the database. NULL if one of the moments is missing."""

    inherit_cache = True
    type = String()

    def __init__(self, begin: Any, end: Any) -> None:
        super().__init__(begin, end)


@compiles(DurationClass, "sqlite")
def _on_sqlite(element: DurationClass, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite reads a moment with its milliseconds rounded, so they are taken from the text.
    return _class_of(element, compiler, "(strftime('%s', substr({0}, 1, 19)) * 1000 + substr({0}, 21, 3))", options)


@compiles(DurationClass, "postgresql")
def _on_postgresql(element: DurationClass, compiler: SQLCompiler, **options: Any) -> str:
    return _class_of(element, compiler, "CAST(floor(extract(epoch FROM {0}) * 1000) AS bigint)", options)


def _class_of(element: DurationClass, compiler: SQLCompiler, milliseconds: str, options: dict[str, Any]) -> str:
    begin, end = (compiler.process(each, **options) for each in element.clauses)
    spent = f"CAST({milliseconds.format(end)} - {milliseconds.format(begin)} AS TEXT)"
    first = f"CAST(substr({spent}, 1, {DIGITS}) AS INTEGER)"
    step = f"CASE WHEN {first} < 20 THEN 1 WHEN {first} < 40 THEN 2 ELSE 4 END"
    kept = f"substr(CAST({first} / ({step}) * ({step}) AS TEXT) || '000000000000', 1, length({spent}))"
    return f"CASE WHEN {end} < {begin} THEN '0' ELSE {kept} END"
