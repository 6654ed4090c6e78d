"""Keyset pages of a list: each begins after the last key of the one before, so all cost the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request, url_for

from dashboard.web.lists.filters import ListFilter
from dashboard.web.pages.locales import formats_here

PAGE_SIZE = 50
#: Counting stops here: "more than 10,000" is as useful, and costs the same for any longer list.
COUNT_CAP = 10_000
#: The query parameter with the key that a page ends before.
BACK = "back"

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list. `count` is exact where sums are kept of the list's rows, else at most COUNT_CAP + 1."""

    rows: Sequence[Row]
    next_after: Any  # the key of the last row, if there are more rows
    count: int
    filters: ListFilter[Row]
    ahead: int = 0  # how many rows come before this page, counted like `count`
    is_counted: bool = False  # exactly, however many there are

    @property
    def count_is_exact(self) -> bool:
        return self.is_counted or self.count <= COUNT_CAP

    @property
    def count_in_words(self) -> str:
        number = formats_here().number
        return number(self.count) if self.count_is_exact else f"more than {number(COUNT_CAP)}"

    @property
    def rows_in_words(self) -> str:
        """Such as "1 job", "51 to 98 of 98 jobs" or "1 to 50 of more than 10,000 jobs"."""
        all_of_them = f"{self.count_in_words} {self.filters.nouns[self.count != 1]}"
        if not self.ahead and self.next_after is None:
            return all_of_them
        if self.ahead > COUNT_CAP and not self.is_counted:
            return f"{len(self.rows)} of {all_of_them}"
        first, last = map(formats_here().number, (self.ahead + 1, self.ahead + len(self.rows)))
        return f"{first} to {last} of {all_of_them}"

    @property
    def turns(self) -> tuple[str, str]:
        """The labels for the page before this one and the page after it."""
        if not self.filters.may_sort:
            return "Previous", "Next"
        return ("Older", "Newer") if self.filters.is_oldest_first else ("Newer", "Older")

    @property
    def next_address(self) -> str | None:
        """The address of the page after this one, with clear text sealed; None on the last page."""
        if self.next_after is None:
            return None
        place = {self.filters.place: self.next_after}
        if request.method == "POST":  # The page shows a refused form; its list continues at its own address.
            return url_for(self.filters.endpoint, **place)
        return self._address(place | {BACK: None})

    @property
    def previous_address(self) -> str | None:
        if not self.ahead:
            return None
        is_second = self.ahead <= PAGE_SIZE
        return self._address({self.filters.place: None, BACK: None if is_second else self._first_key})

    @property
    def first_address(self) -> str:
        return self._address({self.filters.place: None, BACK: None})

    @property
    def _first_key(self) -> Any:
        return getattr(self.rows[0], self.filters.key)

    def _address(self, place: dict[str, Any]) -> str:
        return same_address(**self.filters.asked_of_typed, **place, seen=None, top=None)


def same_address(**changes: object) -> str:
    """The current address with changes to its query; None removes a name."""
    query = request.args.to_dict() | {name: str(value) for name, value in changes.items()}
    kept = {name: value for name, value in query.items() if changes.get(name, "") is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path
