"""Pages of a list by key: the next page begins after the last id, so it costs the same at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import request, url_for

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
        return f"{self.count:,}" if self.count_is_exact else f"more than {COUNT_CAP:,}"

    @property
    def next_address(self) -> str | None:
        """The present address with its filters, continued after this page's last row."""
        if self.next_after is None or request.endpoint is None:
            return None
        filters = {name: value for name, value in request.args.items() if name not in ("after", "seen")}
        values: dict[str, Any] = {**filters, "after": self.next_after}
        return url_for(request.endpoint, **values)


def asked_after() -> UUID | None:
    """The id after which the asked page begins; nonsense begins at the top."""
    try:
        return UUID(request.args.get("after", ""))
    except ValueError:
        return None
