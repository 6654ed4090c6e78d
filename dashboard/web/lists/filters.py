"""Filters of lists, as they appear in the address. Typed text is sealed there, since addresses are logged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Generic, Self, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import has_request_context, request
from sqlalchemy import false
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.context import current
from dashboard.errors import Invalid, NotFound
from dashboard.query_hints import likely, without_index
from dashboard.web.lists.counting import RowCounter
from dashboard.web.lists.fields import Choices, Condition, FieldKind, FilterField, Scope
from dashboard.web.pages.preferences import preference

#: The prefix of a sealed text. In a form, text that begins with it counts as sealed only if it opens.
MARK = "~"
LONGEST = 200
#: Sealed texts and digests are longer than what was typed.
LONGEST_IN_ADDRESS = 2000
TOO_LONG = f"A search can have at most {LONGEST} characters. Nothing was searched."

#: What reverses a list in its address; the default is newest first.
SORT, OLDEST_FIRST = "sort", "oldest"
#: The query parameters of a list that is shown as a saved view: its columns in order, and the view.
COLUMNS, VIEW = "columns", "view"

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column:
    """A column of a list. Readers may hide it unless it `is_fixed`; one that `is_extra` is hidden until they show it.

    `width`: "xs", "s", "m", "l" or "xl"; without one the column shares the remaining width.
    """

    name: str
    label: str
    width: str = ""
    is_fixed: bool = False
    is_extra: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class ListFilter(Generic[Row]):
    """The base of every list's filter. Each field, made by `fields.py`, is a query parameter of the list.

    `is_unreadable`: something sealed did not open, so the filter finds nothing rather than everything.
    """

    purpose: ClassVar[str]  # text sealed for one list opens in no other
    endpoint: ClassVar[str]  # of the page
    json_endpoint: ClassVar[str]
    table: ClassVar[Any]
    nouns: ClassVar[tuple[str, str]]  # singular and plural
    refusal: ClassVar[str] = ""  # shown when `for_address` removed what was typed
    options: ClassVar[Sequence[Any]] = ()  # of the query, such as columns that a list does not read
    key: ClassVar[str] = "id"  # the column that orders the list, highest first
    place: ClassVar[str] = "after"  # the query parameter with the key that a page begins after
    may_sort: ClassVar[bool] = True  # If not, it has its own order.
    columns: ClassVar[Sequence[Column]] = ()
    counter: ClassVar[RowCounter | None] = None  # of a list whose rows are counted as they change
    marks: ClassVar[Sequence[Any]] = ()  # of a list that refreshes itself: a row that looks different differs in one

    is_unreadable: bool = False
    is_oldest_first: bool = False

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Self:
        """Reads a filter from an address."""
        return cls._read(args, is_form=False)

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """Reads a filter from a form, where text is in clear. Raises Invalid for text that is too long."""
        return cls._read(form, is_form=True)

    @classmethod
    @cache  # per class: some lists ask for it with every row
    def declared(cls) -> Mapping[str, FilterField]:
        return {each.name: each.metadata["filter"] for each in fields(cls) if "filter" in each.metadata}

    @classmethod
    def names(cls, *kinds: FieldKind) -> list[str]:
        return [name for name, each in cls.declared().items() if not kinds or each.kind in kinds]

    @classmethod
    def in_form(cls, *, is_more: bool = False) -> dict[str, FilterField]:
        """The fields that a form shows at once, or behind "More filters"."""
        return {name: each for name, each in cls.declared().items() if each.is_in_form and each.is_more == is_more}

    @classmethod
    def search_endpoint(cls) -> str:
        """Where a form is sent to have its typed text sealed; empty if the list has no such text."""
        return f"{cls.endpoint.rpartition('.')[0]}.search" if cls.names(FieldKind.SEARCH) else ""

    @classmethod
    def key_column(cls) -> Any:
        return getattr(cls.table, cls.key)

    @classmethod
    def read_place(cls, text: str) -> Any:
        """Parses a key from an address. Raises ValueError if it is malformed."""
        return UUID(text)

    @classmethod
    def columns_preference(cls) -> str:
        """The name of the preference with a member's choice of columns."""
        return f"columns of {cls.purpose}"

    @classmethod
    def shown_columns(cls) -> dict[str, Column]:
        """The columns that the signed-in member sees, by name: in their order, or in that of a saved view."""
        columns = {each.name: each for each in cls.columns}
        of_view = request.args.get(COLUMNS, "").split(",") if has_request_context() else []
        chosen = [name for name in of_view if name in columns] or preference(cls.columns_preference(), [])
        if not chosen:
            return {name: each for name, each in columns.items() if not each.is_extra}
        missing = [name for name, each in columns.items() if each.is_fixed and name not in chosen]
        return {name: columns[name] for name in (*missing, *chosen) if name in columns}

    @classmethod
    def columns_in_order(cls, shown: Iterable[str]) -> list[Column]:
        """All columns: those that are shown in their order, then the others."""
        columns = {each.name: each for each in cls.columns}
        return [columns[name] for name in dict.fromkeys((*shown, *columns))]

    @property
    def is_empty(self) -> bool:
        return not self.in_clear and not self.is_unreadable

    @property
    def in_clear(self) -> dict[str, str]:
        """The values that are set, unsealed, for code that seals or stores them elsewhere."""
        return {name: value for name in self.names() if (value := getattr(self, name))}

    @property
    def is_typed(self) -> bool:
        """Whether it holds text that somebody typed and that may describe a customer."""
        return any(self.declared()[name].may_be_personal for name in self.in_clear)

    @property
    def asked(self) -> dict[str, str]:
        """The values that are set, for the query of an address."""
        values, sealed = self.in_clear, self.names(FieldKind.SEARCH)
        for name in sealed:
            if name in values and not self.declared()[name].stands_as_it_is(values[name]):
                values[name] = MARK + current().database.keyring.seal_for_address(values[name], self.purpose)
        order = {SORT: OLDEST_FIRST} if self.is_oldest_first else {}
        return values | ({sealed[0]: MARK} if self.is_unreadable else {}) | order

    @property
    def asked_of_typed(self) -> dict[str, str | None]:
        """The part of `asked` that replaces clear text in an address; None removes a name."""
        asked = self.asked
        return {name: asked.get(name) for name in self.names(FieldKind.SEARCH, FieldKind.DIGEST)}

    @property
    def described(self) -> dict[str, str]:
        """The filter for the audit trail. It hides searches, which may describe a customer."""
        asked = {name: value for name, value in self.asked.items() if name != SORT}
        return {name: "a search" if self.declared()[name].is_personal else value for name, value in asked.items()}

    @property
    def in_words(self) -> str:
        """The filter in words, such as "Rejected, Document Verification, Kenya"; empty if everything is shown."""
        days = self._one_day
        found = [self.declared()[name].in_words(value) for name, value in self.in_clear.items() if name not in days]
        found += [f"on {days[name]}" for name in list(days)[:1]]
        words = ", ".join([*found, *(["a search that cannot be read"] if self.is_unreadable else [])])
        return words[:1].upper() + words[1:]

    @property
    def _one_day(self) -> dict[str, str]:
        """The day that it both begins and ends with, by the names of the two fields; empty if these differ."""
        edges = {name: getattr(self, name) for name, each in self.declared().items() if each.is_edge}
        return edges if len(edges) == 2 and len({*edges.values()}) == 1 and all(edges.values()) else {}

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Each field that is set, with its label, for a person who must confirm an action on all of it."""
        return [(self.declared()[name].label, self._as_read(name, value)) for name, value in self.in_clear.items()]

    def _as_read(self, name: str, value: str) -> str:
        declared = self.declared()[name]
        if declared.kind == FieldKind.DIGEST:
            return "the one that you searched for"
        is_typed = declared.kind == FieldKind.SEARCH and not declared.stands_as_it_is(value)
        return value if is_typed else declared.in_words(value)

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences about how the list was searched. A list may override it."""
        return ()

    @property
    def unknown(self) -> dict[str, str]:
        """Messages about values that no row can have, by the name of the field."""
        wrong = {name: value for name, value in self.in_clear.items() if not self.declared()[name].is_known(value)}
        found = {name: self.declared()[name].unknown.format(f"\u201c{value}\u201d") for name, value in wrong.items()}
        return found | dict.fromkeys(self.adrift, "it is looked up only within a range of time")

    @property
    def no_row(self) -> Condition:
        """A condition that finds nothing, by the index of the key."""
        return cast(Condition, col(self.key_column()) == UUID(int=0))

    @property
    def adrift(self) -> list[str]:
        """The fields that are set without the one that they need."""
        needed = {name: self.declared()[name].within for name in self.in_clear}
        return [name for name, within in needed.items() if within and not getattr(self, within)]

    def for_address(self, scope: Scope) -> Self:
        """The filter with typed text as it may stand in an address."""
        return self

    def conditions(self, scope: Scope) -> dict[str, Condition]:
        """The conditions by field. Nonsense finds nothing, so that an action on all rows never hits everything.

        Only the fields that narrow the list most may choose the index on SQLite. The others filter what it finds.
        """
        found: dict[str, Condition] = {}
        if hasattr(self.table, "environment"):
            found["environment"] = col(self.table.environment) == scope.environment
        if self.is_unreadable:
            found["is_unreadable"] = false()
        narrows = self.narrows
        most = max(narrows.values(), default=0)
        for name, value in self.in_clear.items():
            is_adrift = name in self.adrift
            condition = self.no_row if is_adrift else self.declared()[name].find(scope, value)
            found[name] = without_index(condition) if 0 < narrows[name] < most else condition
        return found

    @property
    def narrows(self) -> dict[str, int]:
        """How far each field that is set narrows the list. A list may override it for combinations."""
        return {name: self.declared()[name].narrows(value) for name, value in self.in_clear.items()}

    def rows(self, scope: Scope) -> "ListFilter[Any]":
        """The list whose rows a saved view counts. What has no rows of its own, such as a report, overrides it."""
        return self

    def known_count(self, scope: Scope) -> int | None:
        """The number of rows, up to COUNT_CAP + 1, where `conditions` found it out; else None."""
        return None

    def after(self, place: Any, *, is_backwards: bool = False) -> Condition:
        """The condition for the rows after the one with this key, or before it."""
        key, is_upwards = col(self.key_column()), self.is_oldest_first != is_backwards
        beyond: Condition = likely(key > place if is_upwards else key < place)
        return beyond

    def in_order(
        self,
        scope: Scope,
        conditions: Mapping[str, Condition],
        beyond: Iterable[Condition],
        limit: int,
        *,
        is_backwards: bool = False,
    ) -> SelectOfScalar[Row]:
        """The first rows that meet all conditions and `beyond`. A list may override it."""
        found: SelectOfScalar[Row] = select(self.table).options(*self.options)
        found = found.where(*conditions.values(), *beyond)
        return found.order_by(self.by_key(is_backwards=is_backwards)).limit(limit)

    def by_key(self, *, is_backwards: bool = False) -> Any:
        key = col(self.key_column())
        return key.asc() if self.is_oldest_first != is_backwards else key.desc()

    def offered(self, scope: Scope) -> dict[str, Choices]:
        """What the form offers, by the name of the field."""
        return {name: each.offer(scope) for name, each in self.declared().items() if each.offer}

    @classmethod
    def _read(cls, given: Mapping[str, str], *, is_form: bool) -> Self:
        # PostgreSQL refuses NUL. No stored text has one, so another character that is never found replaces it.
        found = {name: given.get(name, "").strip().replace("\0", "\ufffd") for name in cls.names()}
        if is_form:
            _refuse_too_long(cls, found)
        values = {name: value[:LONGEST_IN_ADDRESS].rstrip() for name, value in found.items()}
        sealed, is_unreadable = cls.names(FieldKind.SEARCH), False
        for name in sealed:
            opened = cls._opened(values[name]) if values[name].startswith(MARK) else None
            if opened is not None:
                values[name] = opened
            elif is_form and len(values[name]) > LONGEST:
                raise too_long(name)  # It has the prefix of sealed text, but does not open.
            elif not is_form and values[name].startswith(MARK):
                values[name], is_unreadable = "", True
            values[name] = values[name][:LONGEST]
        if is_unreadable:
            values[sealed[0]] = ""
        is_oldest_first = cls.may_sort and given.get(SORT) == OLDEST_FIRST
        return cls(**values, is_unreadable=is_unreadable, is_oldest_first=is_oldest_first)

    @classmethod
    def _opened(cls, value: str) -> str | None:
        return current().database.keyring.open_from_address(value.removeprefix(MARK), cls.purpose)


def _refuse_too_long(filters: type[ListFilter[Any]], found: Mapping[str, str]) -> None:
    """Raises Invalid for values that would not fit into the address of the list."""
    for name, value in found.items():
        is_long = filters.declared()[name].kind == FieldKind.DIGEST or value.startswith(MARK)
        if len(value) > (LONGEST_IN_ADDRESS if is_long else LONGEST):
            raise too_long(name)


def too_long(name: str) -> Invalid:
    """An error that says it itself, since a search has no form of its own to mark."""
    error = Invalid({name: TOO_LONG})
    error.message = TOO_LONG
    return error


def lists() -> Iterator[type[ListFilter[Any]]]:
    """All list filters that the features declare."""
    return (each for each in _below(ListFilter) if hasattr(each, "table"))


def list_of(purpose: str) -> type[ListFilter[Any]]:
    """The list, or what else is shown by a filter, such as the reports."""
    for filters in _below(ListFilter):
        if getattr(filters, "purpose", None) == purpose:
            return filters
    raise NotFound("There is no such list.")


def _below(base: type[ListFilter[Any]]) -> Iterator[type[ListFilter[Any]]]:
    for each in base.__subclasses__():
        yield each
        yield from _below(each)


def address_without_typed_text() -> str:
    """The address of this request without clear typed text, for a page that leads back to it."""
    query = {name: value for name, value in request.args.items(multi=True) if _may_go_on(name, value)}
    return f"{request.path}?{urlencode(query)}" if query else request.path


def _may_go_on(name: str, value: str) -> bool:
    """Whether a parameter may stay.

    Pages next to a list use the same names, so a name counts on every page.
    """
    fields = [filters.declared()[name] for filters in lists() if name in filters.declared()]
    is_typed = any(each.may_be_personal for each in fields)
    return not is_typed or value.startswith(MARK) or any(each.stands_as_it_is(value) for each in fields)
