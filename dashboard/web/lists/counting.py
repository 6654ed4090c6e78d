"""What a list asks of sums that are kept of its rows, so that it need not count them: how many, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from dashboard.web.lists.fields import Scope

if TYPE_CHECKING:
    from dashboard.web.lists.filters import ListFilter


HIGHEST_ID = 2**128 - 1


@dataclass(frozen=True)
class IdRange:
    """Ids from `low` to below `high`, as numbers. None: no bound."""

    low: int | None = None
    high: int | None = None

    @classmethod
    def above(cls, row_id: UUID) -> "IdRange":
        return cls(low=row_id.int + 1) if row_id.int < HIGHEST_ID else NO_IDS

    @classmethod
    def below(cls, row_id: UUID) -> "IdRange":
        return cls(high=row_id.int)

    @classmethod
    def up_to(cls, row_id: UUID) -> "IdRange":
        return cls(high=row_id.int + 1) if row_id.int < HIGHEST_ID else cls()

    @property
    def is_empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low >= self.high

    def within(self, other: "IdRange") -> "IdRange":
        """The ids that are in both."""
        lows = [each for each in (self.low, other.low) if each is not None]
        highs = [each for each in (self.high, other.high) if each is not None]
        return IdRange(max(lows, default=None), min(highs, default=None))

    def has(self, row_id: UUID) -> bool:
        return (self.low is None or row_id.int >= self.low) and (self.high is None or row_id.int < self.high)

    def conditions(self, row_id: Any) -> list[ColumnElement[bool]]:
        found = []
        if self.low is not None:
            found.append(col(row_id) >= UUID(int=self.low))
        if self.high is not None:
            found.append(col(row_id) < UUID(int=self.high))
        return found


#: The ids of a list that begins or ends at nothing.
NO_IDS = IdRange(0, 0)


@dataclass(frozen=True)
class Question:
    """A filter as sums can answer it: by dimension the values that are wanted, and the ids. An empty set finds nothing.

    `fields`: the dimensions by the name of the filter's field.
    """

    wanted: Mapping[str, frozenset[str]]
    ids: IdRange
    fields: Mapping[str, str]


class RowCounter(Protocol):
    """Sums of a list's rows. Each answer is None where the sums do not know it, and exact otherwise."""

    def count(self, scope: Scope, question: Question) -> int | None:
        """How many rows there are."""

    def count_by(
        self, scope: Scope, question: Question, dimensions: Iterable[str], *, in_full: bool = False
    ) -> Mapping[tuple[str, ...], int] | None:
        """How many rows there are with each combination of values of these dimensions.

        `in_full`: also from the sums by all dimensions, which are too many for a list.
        """

    def value(self, dimension: str) -> ColumnElement[str]:
        """The dimension's value in a row."""

    def count_over_time(
        self, scope: Scope, question: Question, dimensions: Iterable[str], grains: Sequence[Any]
    ) -> Mapping[tuple[int, tuple[str, ...]], int] | None:
        """The same by the beginning of each period, in seconds since 1970, of the lengths that are allowed."""

    def extent(self, scope: Scope, question: Question, rows: int, *, is_oldest_first: bool) -> IdRange | None:
        """Where the first `rows` of these rows are: no row of the first page is outside."""


def question_of(scope: Scope, filters: "ListFilter[Any]") -> Question | None:
    """The filter as a question; None if it asks for what no sum knows, such as a search."""
    if filters.is_unreadable:
        return None
    wanted: dict[str, frozenset[str]] = {}
    ids, dimensions = (NO_IDS if filters.adrift else IdRange()), {}
    for name, value in filters.in_clear.items():
        field = filters.declared()[name]
        if field.holds:
            return None
        if field.dimension:
            dimensions[name] = field.dimension
            values = field.counted_values(value) if field.is_known(value) else ()
            wanted[field.dimension] = frozenset(str(each) for each in values)
        elif field.begins or field.ends:
            try:
                low = field.begins(scope, value).int if field.begins else None
                ids = ids.within(IdRange(low, field.ends(scope, value).int if field.ends else None))
            except (ValueError, OverflowError):
                ids = NO_IDS
        else:
            return None
    return Question(wanted, ids, dimensions)
