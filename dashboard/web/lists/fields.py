"""The fields of a list's filter. Each is declared once: its label, what a form offers, and which rows it finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, false
from sqlmodel import Session, col

from dashboard.db import first_id_of

Condition = ColumnElement[bool] | TextClause
#: The values of a field, and how each reads.
Choices = Mapping[str, str]


@dataclass(frozen=True)
class Scope:
    """What every list is read within."""

    session: Session
    environment: str
    now: datetime


Find = Callable[[Scope, str], Condition]


class Kind(StrEnum):
    CHOICE = "choice"
    DAY = "day"  # of UTC, as 2026-11-24
    TEXT = "text"  # typed; stands in the address as it is
    SEARCH = "search"  # typed; stands in the address sealed
    DIGEST = "digest"  # of a number that was typed; stands in the address in place of the number


@dataclass(frozen=True)
class FilterField:
    """`find` gives the condition for a value, `in_words` how the value reads.

    The words of a search do not say what was typed: they stand in titles, which end in histories.
    """

    kind: Kind
    label: str
    find: Find
    in_words: Callable[[str], str]
    offer: Callable[[Scope], Choices] | None = None
    is_in_form: bool = True  # Otherwise it is kept while the form is used, but cannot be chosen there.
    any_value: str = "any"
    hint: str = ""
    note: str = ""  # above the list, for what the form cannot show
    is_personal: bool = False  # It may describe a customer, so the trail does not keep it.
    #: Values of a sealed field that say nothing about a person, such as one of our own ids.
    stands_as_it_is: Callable[[str], bool] = lambda _: False


def choice(label: str, choices: Choices, find: Find, **more: Any) -> Any:
    """One of a few values. Any other value finds nothing."""

    def find_known(scope: Scope, value: str) -> Condition:
        return find(scope, value) if value in choices else false()

    def in_words(value: str) -> str:
        return choices.get(value, value)

    return _declared(FilterField(Kind.CHOICE, label, find_known, in_words, lambda _: choices, **more))


def suggestion(
    label: str, offer: Callable[[Scope], Choices], find: Find, in_words: Callable[[str], str] = str, **more: Any
) -> Any:
    """The form offers some values. An address may have another, which finds the rows that have it."""
    return _declared(FilterField(Kind.CHOICE, label, find, in_words, offer, **more))


def day(label: str, find: Callable[[Scope, datetime], Condition], words: str = "{}", **more: Any) -> Any:
    """A day of UTC. `find` gets its beginning; what is no day, or one without a next, finds nothing."""

    def find_day(scope: Scope, value: str) -> Condition:
        try:
            return find(scope, datetime.combine(date.fromisoformat(value), time(), UTC))
        except (ValueError, OverflowError):
            return false()

    return _declared(FilterField(Kind.DAY, label, find_day, words.format, **more))


def text(label: str, find: Find, in_words: Callable[[str], str] = str, **more: Any) -> Any:
    return _declared(FilterField(Kind.TEXT, label, find, in_words, **more))


def search(label: str, find: Find, in_words: Callable[[str], str] = lambda _: "your search", **more: Any) -> Any:
    return _declared(FilterField(Kind.SEARCH, label, find, in_words, is_personal=True, **more))


def digest(label: str, find: Find, note: str) -> Any:
    declared = FilterField(Kind.DIGEST, label, find, lambda _: label, note=note, is_in_form=False, is_personal=True)
    return _declared(declared)


def came_on(row_id: Any) -> Callable[[Scope, datetime], Condition]:
    """Ids are in the order of time, so a day is a stretch of the index that the list is read from anyway."""

    def find(_: Scope, begins: datetime) -> Condition:
        return and_(col(row_id) >= first_id_of(begins), col(row_id) < first_id_of(begins + timedelta(days=1)))

    return find


def _declared(declared: FilterField) -> Any:
    return field(default="", metadata={"filter": declared})
