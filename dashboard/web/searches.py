"""What is typed into a search box. In an address it stands sealed, for browsers, proxies and logs keep addresses."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Self
from urllib.parse import urlencode

from flask import request
from flask_login import current_user

from dashboard.context import current
from dashboard.errors import Invalid

#: How a sealed text begins. Nothing that is typed is taken for one unless it opens.
MARK = "~"
LONGEST = 200
#: A sealed text, or some digests: longer than what was typed.
LONGEST_IN_ADDRESS = 2000
TOO_LONG = f"A search takes {LONGEST} characters at most. Nothing was searched."


@dataclass(frozen=True)
class SearchFilter:
    """What a list shows: the fields of one class are the names of its address. Those in `typed` stand there sealed.

    `is_unreadable`: something sealed did not open. It finds nothing, rather than everything.
    """

    purpose: ClassVar[str]  # what is sealed for one list opens in no other
    typed: ClassVar[tuple[str, ...]] = ("q",)

    q: str = ""
    is_unreadable: bool = False

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Self:
        """From an address."""
        return cls._read(args, is_form=False)

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """From a form, where people type in clear. Raises Invalid for what nobody types."""
        return cls._read(form, is_form=True)

    @property
    def in_clear(self) -> dict[str, str]:
        """Those that are set, for what is stored and sealed elsewhere."""
        return {name: value for name in self._names() if (value := asdict(self)[name])}

    @property
    def asked(self) -> dict[str, str]:
        """For the query of an address: those that are set."""
        values = self.in_clear
        for name in self.typed:
            if name in values and not self._stands_as_it_is(name, values[name]):
                values[name] = MARK + current().database.keyring.seal_for_address(values[name], self.purpose)
        return values | ({"q": MARK} if self.is_unreadable else {})

    @property
    def described(self) -> dict[str, str]:
        """For the trail, which keeps what it has for good: what was searched for may describe a customer."""
        return self.asked | {name: "a search" for name in (*self.typed, "number") if name in self.asked}

    @classmethod
    def _names(cls) -> list[str]:
        return [each.name for each in fields(cls) if each.name != "is_unreadable"]

    @classmethod
    def _stands_as_it_is(cls, name: str, value: str) -> bool:
        """Whether a typed field holds nothing of a person: a choice of ours, an id that we made."""
        return False

    @classmethod
    def _read(cls, given: Mapping[str, str], *, is_form: bool) -> Self:
        # PostgreSQL refuses a NUL outright; nothing stored holds one, so another sign that is never found stands in.
        found = {name: given.get(name, "").strip().replace("\0", "\ufffd") for name in cls._names()}
        values, is_unreadable = {name: value[:LONGEST_IN_ADDRESS] for name, value in found.items()}, False
        if is_form:
            _refuse_too_long(found)
        for name in cls.typed:
            opened = cls._opened(values[name]) if values[name].startswith(MARK) else None
            if opened is not None:
                values[name] = opened
            elif is_form and len(values[name]) > LONGEST:
                raise _too_long(name)  # It begins as what is sealed does, and does not open.
            elif not is_form and values[name].startswith(MARK):
                values[name], is_unreadable = "", True
            values[name] = values[name][:LONGEST]
        if is_unreadable:
            values["q"] = ""
        return cls(**values, is_unreadable=is_unreadable)

    @classmethod
    def _opened(cls, value: str) -> str | None:
        return current().database.keyring.open_from_address(value.removeprefix(MARK), cls.purpose)


def _refuse_too_long(found: Mapping[str, str]) -> None:
    """Each stands in the address that a search leads to."""
    for name, value in found.items():
        holds_digests = name == "number"
        longest = LONGEST_IN_ADDRESS if holds_digests or value.startswith(MARK) else LONGEST
        if len(value) > longest:
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


def is_typed_into_address(filters: type[SearchFilter], permission: str) -> bool:
    """Whether a member wrote a search into the address by hand, which then has to become the sealed one.

    A program that asks for JSON may do so: it has no history, and is not sent from one address to another.
    """
    if request.method not in ("GET", "HEAD") or request.path.endswith(".json"):
        return False
    in_clear = any(
        (value := request.args.get(name, "").strip())
        and not value.startswith(MARK)
        and not filters._stands_as_it_is(name, value)
        for name in filters.typed
    )
    return in_clear and current_user.is_authenticated and current_user.may(permission)
