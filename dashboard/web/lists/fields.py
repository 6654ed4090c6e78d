"""Declares the fields of a list's filter: the label, what a form offers, and which rows a value finds."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, and_, false, func
from sqlmodel import Session, col

from dashboard.db import first_id_of
from dashboard.query_hints import likely
from dashboard.web.pages.locales import formats_here

FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)

Condition = ColumnElement[bool] | TextClause
#: The values of a field, and their labels.
Choices = Mapping[str, str]
#: A number in an address: one digest per key of the ring, since the row may have been stored under an older key.
DIGESTS = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{64})*")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_SECOND = 253_000_000_000  # Dates end with the year 9999 in every time zone.
#: In addresses of reports: no value.
NONE = "-"
#: How far a person's number narrows a list: more than any other field.
MOST = 9


@dataclass(frozen=True)
class Scope:
    """The session, environment, time and zone that a list is read with."""

    session: Session
    environment: str
    now: datetime
    zone: tzinfo = UTC  # in which a filter's days begin and end

    def ago(self, span: timedelta) -> datetime:
        return self.now - span

    def first_id_ago(self, span: timedelta) -> UUID:
        """The first id of the minute that was so long ago: whole minutes can be counted once for all readers."""
        return first_id_of((self.now - span).replace(second=0, microsecond=0))


@dataclass(frozen=True)
class Day:
    """One day from midnight to midnight, or another range of time. When the clocks change a day has 23 or 25 hours."""

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, day: date, zone: tzinfo) -> "Day":
        return cls(datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone))


Find = Callable[[Scope, str], Condition]
FindDay = Callable[[Scope, Day], Condition]
FindId = Callable[[Scope, str], UUID]


class FieldKind(StrEnum):
    CHOICE = "choice"
    DAY = "day"  # in the reader's time zone, such as 2026-11-24
    TEXT = "text"  # typed; in the address as it is
    SEARCH = "search"  # typed; in the address sealed
    DIGEST = "digest"  # of a typed number; in the address instead of the number


@dataclass(frozen=True)
class FilterField:
    """One field of a filter. `find` gives the condition for a value, `in_words` says how the value reads.

    The words of a search do not repeat what was typed: they appear in titles, which browsers keep in their history.
    """

    kind: FieldKind
    label: str
    find: Find
    in_words: Callable[[str], str]
    offer: Callable[[Scope], Choices] | None = None
    is_in_form: bool = True  # If not, the form keeps the value but does not offer the field.
    is_more: bool = False  # Shown behind "More filters".
    any_value: str = "any"
    hint: str = ""
    note: str = ""  # above the list, for fields that the form does not show
    is_personal: bool = False  # It may describe a customer, so the audit trail does not keep it.
    #: Of the fields that are set, those with the highest number are looked up by index; see `ListFilter.conditions`.
    #: 0 for searches and days, which restrict the ids that any index ends with.
    narrows: Callable[[str], int] = lambda _: 0
    #: Whether a typed value says nothing about a person, such as one of our own ids.
    stands_as_it_is: Callable[[str], bool] = lambda _: False
    #: Whether a value can find anything, and the message if it cannot.
    is_known: Callable[[str], bool] = lambda _: True
    unknown: str = "{} is not among the choices"
    #: The column that it filters by, if rows are counted by it, and the values of that column that a value stands for.
    dimension: str = ""
    counted_values: Callable[[str], Collection[str]] = lambda value: (value,)
    #: Whether a value is among those of such a column, which may hold several. No sum can be asked for it.
    holds: Callable[[str, str], bool] | None = None
    #: Whether rows are counted by it, but not by it and something else.
    is_counted_alone: bool = False
    #: The name of a field without which this one finds nothing, since it has no index to find few rows among all.
    within: str = ""
    #: Of a range of time: the first id, and the first one behind the last.
    begins: FindId | None = None
    ends: FindId | None = None
    is_edge: bool = False  # the first or the last of the days that a list shows

    @property
    def may_be_personal(self) -> bool:
        """Whether people type text here that may describe a customer."""
        return self.kind in (FieldKind.SEARCH, FieldKind.DIGEST) or self.is_personal


def choice(label: str, choices: Choices, find: Find, *, narrows: int | Callable[[str], int] = 0, **more: Any) -> Any:
    """A field with a few fixed values. Any other value finds nothing."""

    def find_known(scope: Scope, value: str) -> Condition:
        return find(scope, value) if value in choices else false()

    def in_words(value: str) -> str:
        return choices.get(value, value)

    known = choices.__contains__
    return _declared(
        FilterField(
            FieldKind.CHOICE,
            label,
            find_known,
            in_words,
            lambda _: choices,
            is_known=known,
            narrows=_always(narrows),
            **more,
        )
    )


def suggestion(
    label: str,
    offer: Callable[[Scope], Choices],
    find: Find,
    in_words: Callable[[str], str] = str,
    *,
    narrows: int | Callable[[str], int] = 0,
    **more: Any,
) -> Any:
    """A field whose form offers some values. An address may have another one, which finds the rows that have it."""
    return _declared(FilterField(FieldKind.CHOICE, label, find, in_words, offer, narrows=_always(narrows), **more))


def day(label: str, find: FindDay, words: str = "{}", **more: Any) -> Any:
    """A field for a day. An invalid or impossible date finds nothing."""

    def find_day(scope: Scope, value: str) -> Condition:
        try:
            return find(scope, day_of(scope, value))
        except (ValueError, OverflowError):
            return false()

    known: Any = {"is_known": _is_day, "unknown": "{} is not a date"}
    return _declared(FilterField(FieldKind.DAY, label, find_day, words.format, **known, **more))


def day_of(scope: Scope, value: str) -> Day:
    """Raises ValueError or OverflowError for what is no date, or none that can be reckoned with."""
    return Day.of(date.fromisoformat(value), scope.zone)


def since_day(row_id: Any, **more: Any) -> Any:
    """Rows from a day on. Ids are in the order of time, so this is a range of the index that the list uses anyway."""
    more |= {"is_more": True, "is_edge": True, "begins": _first_id}
    return day("From", lambda _, begin: _since(row_id, begin), "from {}", **more)


def until_day(row_id: Any, **more: Any) -> Any:
    more |= {"is_more": True, "is_edge": True, "ends": _id_after}
    return day("to", lambda _, end: _until(row_id, end), "to {}", **more)


def age(label: str, row_id: Any, choices: Mapping[str, tuple[str, timedelta, bool]]) -> Any:
    """A field for how long ago a row was made: for each value its words, a span, and whether rows are older than it."""

    def read(value: str) -> tuple[timedelta, bool]:
        if value not in choices:
            raise ValueError
        _, span, is_older = choices[value]
        return span, is_older

    def first_id(scope: Scope, value: str) -> UUID:
        span, is_older = read(value)
        return FIRST_ID if is_older else scope.first_id_ago(span)

    def id_after(scope: Scope, value: str) -> UUID:
        span, is_older = read(value)
        return scope.first_id_ago(span) if is_older else LAST_ID

    def find(scope: Scope, value: str) -> Condition:
        span, is_older = read(value)
        there, bound = col(row_id), scope.first_id_ago(span)
        condition: Condition = likely(there < bound if is_older else there >= bound)
        return condition

    offered = {value: words for value, (words, _, _) in choices.items()}
    return choice(label, offered, find, begins=first_id, ends=id_after, is_more=True)


def on_day(row_id: Any) -> Any:
    """Rows of one day, for links such as to today's. In the form people choose from and to."""

    def find(_: Scope, day: Day) -> Condition:
        return and_(_since(row_id, day), _until(row_id, day))

    more: Any = {"is_in_form": False, "note": "Shows only one day:", "begins": _first_id, "ends": _id_after}
    return day("Day", find, "on {}", **more)


def in_range(row_id: Any) -> Any:
    """Rows between two moments, given as seconds since 1970 such as "1764288000-1764374400"; for links of reports."""

    def find(_: Scope, value: str) -> Condition:
        try:
            found = read_range(value)
            return and_(_since(row_id, found), _until(row_id, found))
        except (ValueError, OverflowError):
            return false()

    more: Any = {"is_in_form": False, "note": "Shows only what was made"}
    more |= {"is_known": _is_range, "unknown": "{} is not a range of time"}
    more["begins"] = lambda _, value: first_id_of(read_range(value).begins)
    more["ends"] = lambda _, value: first_id_of(read_range(value).ends)
    return text("Time", find, _range_in_words, **more)


def read_range(value: str) -> Day:
    """Raises ValueError or OverflowError for what is no range of time."""
    begin, end = (int(part) for part in value.split("-"))
    if max(begin, end) > LAST_SECOND:
        raise ValueError
    return Day(EPOCH + timedelta(seconds=begin), EPOCH + timedelta(seconds=end))


def _is_range(value: str) -> bool:
    try:
        return bool(read_range(value))
    except (ValueError, OverflowError):
        return False


def _range_in_words(value: str) -> str:
    """Such as "from 26 Nov 2026, 00:00:00 WAT to 27 Nov 2026, 00:00:00 WAT"."""
    if not _is_range(value):
        return value
    found, moment = read_range(value), formats_here().moment
    return f"from {moment(found.begins)} to {moment(found.ends)}"


def _first_id(scope: Scope, value: str) -> UUID:
    return first_id_of(day_of(scope, value).begins)


def _id_after(scope: Scope, value: str) -> UUID:
    return first_id_of(day_of(scope, value).ends)


def _since(row_id: Any, day: Day) -> Condition:
    condition: Condition = likely(col(row_id) >= first_id_of(day.begins))
    return condition


def _until(row_id: Any, day: Day) -> Condition:
    condition: Condition = likely(col(row_id) < first_id_of(day.ends))
    return condition


def _is_day(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def text(label: str, find: Find, in_words: Callable[[str], str] = str, *, narrows: int = 0, **more: Any) -> Any:
    more["narrows"] = _always(narrows)
    return _declared(FilterField(FieldKind.TEXT, label, find, in_words, **more))


def plain_value(label: str, column: Any, in_words: Callable[[str], str] = str, **more: Any) -> Any:
    """A column that only links of reports filter by, within their range of time. `NONE` finds rows without a value."""

    def find(_: Scope, value: str) -> Condition:
        return func.coalesce(col(column), "").in_(counted_or_none(value))

    def words(value: str) -> str:
        return "none" if value == NONE else in_words(value)

    more |= {"is_in_form": False, "within": "time", "counted_values": counted_or_none}
    return text(label, find, words, **more)


def has_value(column: Any, value: str) -> Condition:
    """Rows with this value; `NONE` finds those without one."""
    return col(column).is_(None) if value == NONE else col(column) == value


def counted_or_none(value: str) -> tuple[str]:
    """As which value rows are counted that `has_value` finds."""
    return ("" if value == NONE else value,)


def search(
    label: str,
    find: Find,
    in_words: Callable[[str], str] = lambda _: "your search",
    *,
    narrows: int = 0,
    **more: Any,
) -> Any:
    more["narrows"] = _always(narrows)
    return _declared(FilterField(FieldKind.SEARCH, label, find, in_words, is_personal=True, **more))


def digest(label: str, find: Find, note: str) -> Any:
    more: Any = {"is_in_form": False, "is_personal": True, "stands_as_it_is": lambda value: DIGESTS.fullmatch(value)}
    more["narrows"] = _always(MOST)
    return _declared(FilterField(FieldKind.DIGEST, label, find, lambda _: label, note=note, **more))


def _always(narrows: int | Callable[[str], int]) -> Callable[[str], int]:
    return narrows if callable(narrows) else lambda _: narrows


def _declared(declared: FilterField) -> Any:
    return field(default="", metadata={"filter": declared})
