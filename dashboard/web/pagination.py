"""Pages of a list by key: the next page begins after the last id, so it costs the same at any depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from dashboard.web.locales import formats_here

PAGE_SIZE = 50
#: Counting stops here: "more than 10,000" is as useful, and costs the same however long the list is.
COUNT_CAP = 10_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    next_after: UUID | None
    count: int

    @property
    def count_is_exact(self) -> bool:
        return self.count <= COUNT_CAP

    @property
    def count_in_words(self) -> str:
        number = formats_here().number
        return number(self.count) if self.count_is_exact else f"more than {number(COUNT_CAP)}"

    @property
    def next_address(self) -> str | None:
        """The present address with its filters, continued after this page's last row."""
        return None if self.next_after is None else same_address(after=self.next_after, seen=None, top=None)

    def next_address_of(self, asked: Mapping[str, str]) -> str | None:
        """The same for a filter that may stand in the present address in clear; `asked` is how it is addressed."""
        if self.next_after is None:
            return None
        sealed = {name: asked.get(name) for name in request.args if name in asked or name == "q"}
        return same_address(**sealed | {"number": asked.get("number")}, after=self.next_after, seen=None, top=None)


def same_address(**changes: object) -> str:
    """The present address with some of its query changed; None takes a name out."""
    query = request.args.to_dict() | {name: str(value) for name, value in changes.items()}
    kept = {name: value for name, value in query.items() if changes.get(name, "") is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def asked_after() -> UUID | None:
    """The id after which the asked page begins; nonsense begins at the top."""
    try:
        return UUID(request.args.get("after", ""))
    except ValueError:
        return None
