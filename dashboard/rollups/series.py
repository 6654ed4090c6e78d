"""Counts by quarter of an hour, for what shows a course of time. From the sums, or from the rows while they are few."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import col

from dashboard.rollups.counted import ALL_ROWS, CountedTable
from dashboard.rollups.counting import MOST_DELTAS, RollupCounter, complete_generation
from dashboard.rollups.models import Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.periods import Grain, begin_of, first_id_at, second_of
from dashboard.web.lists.counting import IdRange
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
    generation = complete_generation(scope.session, counted)
    if generation is not None and generation.through == ALL_ROWS and begin >= generation.quarters_from:
        found = _from_sums(scope, counted, generation, begin, end, dimensions)
        if found is not None:
            return found
    return _from_rows(scope, counted, begin, end, dimensions)


def _from_sums(
    scope: Scope,
    counted: CountedTable,
    generation: RollupGeneration,
    begin: int,
    end: int,
    dimensions: Sequence[str],
) -> Course | None:
    cube = counted.cube_with(Grain.QUARTER, set(dimensions))
    if cube is None:
        return None
    connection, course = scope.session.connection(), Counter[tuple[int, tuple[str, ...]]]()
    of_delta = [getattr(RollupDelta, name) for name in dimensions]
    here = RollupCounter(counted).of_deltas(scope.environment, ())
    ids = IdRange(first_id_at(begin), first_id_at(end)).conditions(RollupDelta.row_id)
    deltas = select_columns(col(RollupDelta.row_id), col(RollupDelta.change), *of_delta).where(*here, *ids)
    rows = connection.execute(deltas.limit(MOST_DELTAS + 1)).all()
    if len(rows) > MOST_DELTAS:
        return None
    for row_id, change, *values in rows:
        course[begin_of(second_of(row_id), Grain.QUARTER, UTC), tuple(values)] += change
    by = [getattr(Rollup, name) for name in dimensions]
    sums = select_columns(col(Rollup.starts), func.sum(col(Rollup.total)), *by).where(
        col(Rollup.generation) == generation.number,
        col(Rollup.cube) == cube.name,
        col(Rollup.environment) == scope.environment,
        col(Rollup.starts) >= begin,
        col(Rollup.starts) < end,
    )
    for starts, total, *values in connection.execute(sums.group_by(col(Rollup.starts), *by)):
        course[starts, tuple(values)] += int(total)
    return course


def _from_rows(scope: Scope, counted: CountedTable, begin: int, end: int, dimensions: Sequence[str]) -> Course | None:
    table, values = counted.table, [counted.value(name).label(name) for name in dimensions]
    ids = IdRange(first_id_at(begin), first_id_at(end)).conditions(table.id)
    found = select_columns(col(table.id), *values).where(col(table.environment) == scope.environment, *ids)
    rows = scope.session.connection().execute(found.limit(COUNT_CAP + 1)).all()
    if len(rows) > COUNT_CAP:
        return None
    return Counter((begin_of(second_of(row_id), Grain.QUARTER, UTC), tuple(by)) for row_id, *by in rows)
