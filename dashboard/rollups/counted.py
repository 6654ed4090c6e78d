"""What is counted: tables, their dimensions, and the cubes of sums over some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, case, func, literal, type_coerce

from dashboard.rollups.models import DIMENSIONS
from dashboard.rollups.periods import Grain

#: `through` of a count that misses no row: every row that is added later brings a delta.
ALL_ROWS = UUID(int=2**128 - 1)
NO_ROWS = UUID(int=0)
#: Longer values are cut, since PostgreSQL limits the length of a key.
LONGEST_VALUE = 100
#: A callback may name anything as its country. What is no code is not kept here.
COUNTRY, LONGEST_COUNTRY = "country", 2


@dataclass(frozen=True)
class Cube:
    """Sums for each period of one length, by some of the dimensions. `name` begins with that of the table.

    `is_in_full`: it has so many sums that no list adds them up.
    """

    name: str
    grain: Grain
    dimensions: tuple[str, ...]
    is_in_full: bool = False


@dataclass(frozen=True)
class CountedTable:
    """A table whose rows are counted. A feature registers it; the triggers of a migration note the changes.

    `columns` names the column or hybrid property for each dimension that the table has. Of two cubes that could answer,
    the one that comes first does. Without `brings_deltas` new rows bring no delta: they are counted in the order of
    their ids, some time after they came.
    """

    name: str
    table: Any
    columns: Mapping[str, str]
    cubes: Sequence[Cube]
    brings_deltas: bool = True

    def value(self, dimension: str) -> ColumnElement[str]:
        """The dimension's value in a row, as text."""
        if dimension not in self.columns:
            return literal("")
        column = type_coerce(getattr(self.table, self.columns[dimension]), String)
        if dimension == COUNTRY:
            return case((func.length(column) <= LONGEST_COUNTRY, column), else_="")
        return func.substr(func.coalesce(column, ""), 1, LONGEST_VALUE)

    @staticmethod
    def is_told_apart(dimension: str, value: str) -> bool:
        """Whether rows with this value are counted apart from those with all others."""
        return len(value) <= LONGEST_COUNTRY if dimension == COUNTRY else len(value) < LONGEST_VALUE

    @property
    def values(self) -> list[ColumnElement[str]]:
        return [self.value(dimension).label(dimension) for dimension in DIMENSIONS]

    def cube_with(self, grain: Grain, dimensions: set[str], *, in_full: bool = False) -> Cube | None:
        """The first cube of that grain that has these dimensions. Lists add up no sums that are kept in full."""
        able = (cube for cube in self.cubes if cube.grain == grain and dimensions <= set(cube.dimensions))
        return next((cube for cube in able if in_full or not cube.is_in_full), None)


def cubes_of(
    name: str,
    listed: tuple[str, ...],
    more: tuple[str, ...] = (),
    by_day: tuple[str, ...] = (),
    alone: tuple[str, ...] = (),
    others: Sequence[Cube] = (),
) -> list[Cube]:
    """The cubes of a table: its list's dimensions by every period, some more by day, and all of them by month.

    Each of `alone` is counted by itself too, for the choices of a list that is not filtered. `others` are preferred to
    the one with all dimensions, which is the largest.
    """
    cubes = [
        *(Cube(f"{name}.ever_by_{each}", Grain.EVER, (each,)) for each in alone),
        Cube(f"{name}.ever", Grain.EVER, listed),
        Cube(f"{name}.month", Grain.MONTH, listed),
        Cube(f"{name}.day", Grain.DAY, (*listed, *by_day)),
        Cube(f"{name}.quarter", Grain.QUARTER, listed),
        *others,
    ]
    in_full = Cube(f"{name}.month_in_full", Grain.MONTH, (*listed, *more), is_in_full=True)
    return [*cubes, in_full] if more else cubes
