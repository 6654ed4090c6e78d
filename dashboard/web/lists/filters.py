"""What a list shows, as it stands in the address. What was typed stands there sealed, for addresses are logged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from sqlalchemy import false
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.context import current
from dashboard.errors import Invalid
from dashboard.web.lists.fields import Choices, Condition, FilterField, Kind, Scope

#: How a sealed text begins. Nothing that is typed is taken for one unless it opens.
MARK = "~"
LONGEST = 200
#: A sealed text, or some digests: longer than what was typed.
LONGEST_IN_ADDRESS = 2000
TOO_LONG = f"A search takes {LONGEST} characters at most. Nothing was searched."

Row = TypeVar("Row")


@dataclass(frozen=True)
class ListFilter(Generic[Row]):
    """The base of every list's filter. A field of a class, made by `fields.py`, is a name of its address.

    `is_unreadable`: something sealed did not open. It finds nothing, rather than everything.
    """

    purpose: ClassVar[str]  # what is sealed for one list opens in no other
    endpoint: ClassVar[str]  # of the page
    json_endpoint: ClassVar[str]
    table: ClassVar[Any]
    nouns: ClassVar[tuple[str, str]]  # of one row, of several
    refusal: ClassVar[str] = ""  # said where `for_address` took away what was typed
    options: ClassVar[Sequence[Any]] = ()  # of the query, such as columns that a list does not read
    key: ClassVar[str] = "id"  # the column that the list is in the order of, the highest first
    place: ClassVar[str] = "after"  # the name in the address for the key that a page begins after

    is_unreadable: bool = False

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Self:
        """From an address."""
        return cls._read(args, is_form=False)

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """From a form, where people type in clear. Raises Invalid for what nobody types."""
        return cls._read(form, is_form=True)

    @classmethod
    def declared(cls) -> Mapping[str, FilterField]:
        return {each.name: each.metadata["filter"] for each in fields(cls) if "filter" in each.metadata}

    @classmethod
    def names(cls, *kinds: Kind) -> list[str]:
        return [name for name, each in cls.declared().items() if not kinds or each.kind in kinds]

    @classmethod
    def search_endpoint(cls) -> str:
        """Where a form is sent whose typed text must not stand in an address in clear; empty where none is sealed."""
        return f"{cls.endpoint.rpartition('.')[0]}.search" if cls.names(Kind.SEARCH) else ""

    @classmethod
    def key_column(cls) -> Any:
        return getattr(cls.table, cls.key)

    @classmethod
    def read_place(cls, text: str) -> Any:
        """The key in an address. ValueError for nonsense."""
        return UUID(text)

    @property
    def is_empty(self) -> bool:
        return self == type(self)()

    @property
    def in_clear(self) -> dict[str, str]:
        """Those that are set, for what is stored and sealed elsewhere."""
        return {name: value for name in self.names() if (value := getattr(self, name))}

    @property
    def asked(self) -> dict[str, str]:
        """For the query of an address: those that are set."""
        values, sealed = self.in_clear, self.names(Kind.SEARCH)
        for name in sealed:
            if name in values and not self.declared()[name].stands_as_it_is(values[name]):
                values[name] = MARK + current().database.keyring.seal_for_address(values[name], self.purpose)
        return values | ({sealed[0]: MARK} if self.is_unreadable else {})

    @property
    def asked_of_typed(self) -> dict[str, str | None]:
        """The part of `asked` that replaces what an address may hold in clear; None takes a name out."""
        asked = self.asked
        return {name: asked.get(name) for name in self.names(Kind.SEARCH, Kind.DIGEST)}

    @property
    def described(self) -> dict[str, str]:
        """For the trail, which keeps what it has for good: what was searched for may describe a customer."""
        return {name: "a search" if self.declared()[name].is_personal else value for name, value in self.asked.items()}

    @property
    def in_words(self) -> str:
        """For people, such as "Rejected, Document Verification, Kenya"; empty where everything is shown."""
        found = [self.declared()[name].in_words(value) for name, value in self.in_clear.items()]
        words = ", ".join([*found, *(["a search that cannot be read"] if self.is_unreadable else [])])
        return words[:1].upper() + words[1:]

    def for_address(self, scope: Scope) -> Self:
        """What was typed into a search box, as it may stand in an address."""
        return self

    def conditions(self, scope: Scope) -> dict[str, Condition]:
        """By the name of the field. Nonsense finds nothing: what is done with all must not be done to everything."""
        found: dict[str, Condition] = {}
        if hasattr(self.table, "environment"):
            found["environment"] = col(self.table.environment) == scope.environment
        if self.is_unreadable:
            found["is_unreadable"] = false()
        return found | {name: self.declared()[name].find(scope, value) for name, value in self.in_clear.items()}

    def after(self, place: Any) -> Condition:
        """What lies after the row with this key."""
        below: Condition = col(self.key_column()) < place
        return below

    def newest(
        self, scope: Scope, conditions: Mapping[str, Condition], beyond: Iterable[Condition], limit: int
    ) -> SelectOfScalar[Row]:
        """The newest rows that meet all conditions and lie where `beyond` says. A list may bring a way of its own."""
        found: SelectOfScalar[Row] = select(self.table).options(*self.options)
        found = found.where(*conditions.values(), *beyond)
        return found.order_by(col(self.key_column()).desc()).limit(limit)

    def offered(self, scope: Scope) -> dict[str, Choices]:
        """What the form offers, by the name of the field."""
        return {name: each.offer(scope) for name, each in self.declared().items() if each.offer}

    @classmethod
    def _read(cls, given: Mapping[str, str], *, is_form: bool) -> Self:
        # PostgreSQL refuses a NUL outright; nothing stored holds one, so another sign that is never found stands in.
        found = {name: given.get(name, "").strip().replace("\0", "\ufffd") for name in cls.names()}
        if is_form:
            _refuse_too_long(cls, found)
        values = {name: value[:LONGEST_IN_ADDRESS].rstrip() for name, value in found.items()}
        sealed, is_unreadable = cls.names(Kind.SEARCH), False
        for name in sealed:
            opened = cls._opened(values[name]) if values[name].startswith(MARK) else None
            if opened is not None:
                values[name] = opened
            elif is_form and len(values[name]) > LONGEST:
                raise _too_long(name)  # It begins as what is sealed does, and does not open.
            elif not is_form and values[name].startswith(MARK):
                values[name], is_unreadable = "", True
            values[name] = values[name][:LONGEST]
        if is_unreadable:
            values[sealed[0]] = ""
        return cls(**values, is_unreadable=is_unreadable)

    @classmethod
    def _opened(cls, value: str) -> str | None:
        return current().database.keyring.open_from_address(value.removeprefix(MARK), cls.purpose)


def _refuse_too_long(filters: type[ListFilter[Any]], found: Mapping[str, str]) -> None:
    """Each stands in the address that a search leads to."""
    for name, value in found.items():
        is_long = filters.declared()[name].kind == Kind.DIGEST or value.startswith(MARK)
        if len(value) > (LONGEST_IN_ADDRESS if is_long else LONGEST):
            raise _too_long(name)


def _too_long(name: str) -> Invalid:
    """A search has no form of its own to mark: the page of the error says it."""
    error = Invalid({name: TOO_LONG})
    error.message = TOO_LONG
    return error


def address_without_typed_text() -> str:
    """Of this request, for a page that comes before it: what stands in it in clear does not go on."""
    query = {name: value for name, value in request.args.items(multi=True) if name != "q" or value.startswith(MARK)}
    return f"{request.path}?{urlencode(query)}" if query else request.path
