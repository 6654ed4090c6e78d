"""Counts by quarter of an hour, for what shows a course of time. From the sums, or from the rows while they are few."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import select as select_columns
from sqlmodel import col

from dashboard.rollups.counted import CountedTable
from dashboard.rollups.counting import RollupCounter
from dashboard.rollups.periods import Grain, begin_of, first_id_at, second_of
from dashboard.web.lists.counting import IdRange, Question
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.pages.locales import Formats

#: By the beginning of a quarter, in seconds since 1970, and the values of the dimensions.
Course = Mapping[tuple[int, tuple[str, ...]], int]
UTC = Formats().zone


def count_by_quarter(
    scope: Scope, counted: CountedTable, begin: int, end: int, dimensions: Sequence[str]
) -> Course | None:
    """Rows from `begin` to before `end`, whole quarters in seconds. None: too many that are not counted yet."""
    ids = IdRange(first_id_at(begin), first_id_at(end))
    found = RollupCounter(counted).count_over_time(scope, Question({}, ids, {}), dimensions, [Grain.QUARTER])
    return _from_rows(scope, counted, ids, dimensions) if found is None else found


def _from_rows(scope: Scope, counted: CountedTable, ids: IdRange, dimensions: Sequence[str]) -> Course | None:
    table, values = counted.table, [counted.value(name).label(name) for name in dimensions]
    here = (col(table.environment) == scope.environment, *ids.conditions(table.id))
    found = select_columns(col(table.id), *values).where(*here)
    rows = scope.session.connection().execute(found.limit(COUNT_CAP + 1)).all()
    if len(rows) > COUNT_CAP:
        return None
    return Counter((begin_of(second_of(row_id), Grain.QUARTER, UTC), tuple(by)) for row_id, *by in rows)
