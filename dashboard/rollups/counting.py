"""Answers a list's questions from the rollups, the open deltas and, where a period is cut, a few rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, false, func, or_, true, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from dashboard.db import once_per_change
from dashboard.rollups.counted import ALL_ROWS, CountedTable, Cube
from dashboard.rollups.models import Rollup, RollupDelta, RollupGeneration
from dashboard.rollups.periods import BITS_BELOW_TIME, LAST_SECOND, Grain, begin_of, end_of, first_id_at, second_of
from dashboard.web.lists.counting import NO_IDS, IdRange, Question
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.pages.locales import Formats

#: With more open deltas than this no worker runs, and adding them up would take too long.
MOST_DELTAS = 5_000

Values = tuple[str, ...]
#: By dimension the values that a question wants.
Wanted = Iterable[tuple[str, Iterable[str]]]


#: Built once, since every list asks for it.
COMPLETE = (
    select(RollupGeneration)
    .where(RollupGeneration.counted == bindparam("counted"), col(RollupGeneration.is_complete))
    .order_by(col(RollupGeneration.number).desc())
    .limit(1)
)


@dataclass(frozen=True)
class Span:
    """Whole periods of one cube, from the one that begins at `begin` to before `end`, in seconds. None: no bound."""

    cube: Cube
    begin: int | None
    end: int | None

    def has(self, begin: int) -> bool:
        return (self.begin is None or begin >= self.begin) and (self.end is None or begin < self.end)

    @property
    def ids(self) -> IdRange:
        low, high = (None if each is None else first_id_at(each) for each in (self.begin, self.end))
        return IdRange(low, high)


@dataclass(frozen=True)
class Cover:
    """A range of ids as whole periods, and the rest, of which the rows themselves are counted."""

    spans: Sequence[Span]
    rest: Sequence[IdRange]


class RollupCounter:
    """The `RowCounter` of a counted table's list."""

    def __init__(self, counted: CountedTable) -> None:
        self._counted = counted

    def count(self, scope: Scope, question: Question) -> int | None:
        if not all(question.wanted.values()) or question.ids.is_empty:
            return 0
        key = ("count", self._counted.name, scope.environment, _in_order(question), question.ids)
        return once_per_change(scope.session, key, lambda: self._count(scope, question))

    def _count(self, scope: Scope, question: Question) -> int | None:
        """In one statement, which finds the same as long as the count is the same: a poll reads no more than that."""
        generation = complete_generation(scope.session, self._counted)
        if generation is None or not self._tells_apart(question):
            return None
        parts = self._cover(generation, question.ids, set(question.wanted))
        if parts is None:
            return None
        wanted = _in_order(question)
        # Of a part of the rows there are as many statements as rows.
        build = _total.__wrapped__ if parts.rest else _total
        counted = generation.number, generation.through, tuple(parts.spans), tuple(parts.rest)
        statement = build(self, *counted, wanted, MOST_DELTAS, COUNT_CAP)
        found = scope.session.connection().execute(statement, {"environment": scope.environment})
        total, has_too_many_deltas, *uncounted = found.one()
        if has_too_many_deltas or any(count > COUNT_CAP for count in uncounted):
            return None
        return int(total + sum(uncounted))

    def count_by(
        self, scope: Scope, question: Question, dimensions: Iterable[str], *, in_full: bool = False
    ) -> Mapping[Values, int] | None:
        by = tuple(dimensions)
        if question.ids.is_empty:
            return {}
        generation = complete_generation(scope.session, self._counted)
        if generation is None or not self._tells_apart(question):
            return None
        parts = self._cover(generation, question.ids, {*question.wanted, *by}, in_full=in_full)
        deltas = self._deltas(scope, question, by)
        if parts is None or deltas is None:
            return None
        sums = Counter[Values]()
        columns = [getattr(Rollup, name) for name in by]
        for total, *values in self._sums(scope, generation, parts.spans, question, columns):
            sums[tuple(values)] += int(total)
        for row_id, values, change in deltas:
            if row_id <= generation.through and any(span.ids.has(row_id) for span in parts.spans):
                sums[values] += change
        for ids in parts.rest:
            sums.update(self._rows(scope, ids, question, by))
        for span in parts.spans:
            ids = span.ids.within(IdRange.above(generation.through))
            uncounted = self._rows(scope, ids, question, by, COUNT_CAP + 1)
            if uncounted.total() > COUNT_CAP:
                return None
            sums.update(uncounted)
        return sums

    def value(self, dimension: str) -> ColumnElement[str]:
        return self._counted.value(dimension)

    def count_over_time(
        self, scope: Scope, question: Question, dimensions: Iterable[str], grains: Sequence[Grain]
    ) -> Mapping[tuple[int, Values], int] | None:
        by = tuple(dimensions)
        generation = complete_generation(scope.session, self._counted)
        if generation is None or generation.through != ALL_ROWS or not self._tells_apart(question):
            return None
        cubes = [
            cube for grain in grains if (cube := self._counted.cube_with(grain, {*question.wanted, *by}, in_full=True))
        ]
        zone = Formats(time_zone=generation.zone).zone
        parts = cover(question.ids, cubes, zone, generation.quarters_from)
        deltas = self._deltas(scope, question, by)
        if parts.rest or deltas is None:
            return None
        sums = Counter[tuple[int, Values]]()
        columns = [getattr(Rollup, name) for name in ("starts", *by)]
        for total, begin, *values in self._sums(scope, generation, parts.spans, question, columns):
            sums[begin, tuple(values)] += int(total)
        for row_id, values, change in deltas:
            for span in parts.spans:
                if span.ids.has(row_id):
                    sums[begin_of(second_of(row_id), span.cube.grain, zone), values] += change
        return sums

    def extent(self, scope: Scope, question: Question, rows: int, *, is_oldest_first: bool) -> IdRange | None:
        if not all(question.wanted.values()) or question.ids.is_empty:
            return NO_IDS
        generation = complete_generation(scope.session, self._counted)
        if generation is None or not self._tells_apart(question):
            return None
        deltas = self._deltas(scope, question, ())
        if deltas is None:
            return None
        zone, known = Formats(time_zone=generation.zone).zone, IdRange.up_to(generation.through)

        def sums_in(span: Span) -> dict[int, int]:
            """How many rows each period has, by its beginning. Periods without rows are left out."""
            by_period = self._sums(scope, generation, (span,), question, (Rollup.starts,))
            sums = Counter[int]({begin: int(total) for total, begin in by_period})
            for row_id, _, change in deltas:
                begin = begin_of(second_of(row_id), span.cube.grain, zone)
                if known.has(row_id) and span.has(begin):
                    sums[begin] += change
            return {begin: sums[begin] for begin in sorted(sums) if sums[begin] > 0}

        months, days = (self._counted.cube_with(grain, set(question.wanted)) for grain in (Grain.MONTH, Grain.DAY))
        if months is None or days is None:
            return None
        by_month = sums_in(_span_around(months, question.ids, zone))
        ids = months_with(by_month, question.ids, rows, zone, is_oldest_first=is_oldest_first)
        if ids is None:
            return NO_IDS if generation.through == ALL_ROWS else IdRange.above(generation.through)
        first, last = (Span(days, *month) for month in ids)
        days_of_first = sums_in(first)
        days_of_last = days_of_first if first == last else sums_in(last)
        begin = min(days_of_first, default=first.end)
        end = end_of(max(days_of_last), Grain.DAY, zone) if days_of_last else last.begin
        assert begin is not None
        assert end is not None
        is_whole = generation.through == ALL_ROWS
        return IdRange(first_id_at(begin), first_id_at(end) if is_whole else None)

    def _tells_apart(self, question: Question) -> bool:
        return all(
            self._counted.is_told_apart(name, value) for name, values in question.wanted.items() for value in values
        )

    def _cover(
        self, generation: RollupGeneration, ids: IdRange, dimensions: set[str], *, in_full: bool = False
    ) -> Cover | None:
        cubes = [cube for grain in Grain if (cube := self._counted.cube_with(grain, dimensions, in_full=in_full))]
        # What is counted alone has no months.
        if not cubes or (ids != IdRange() and not any(cube.grain == Grain.MONTH for cube in cubes)):
            return None
        return cover(ids, cubes, Formats(time_zone=generation.zone).zone, generation.quarters_from)

    def _deltas(self, scope: Scope, question: Question, by: Values) -> Sequence[tuple[UUID, Values, int]] | None:
        """The open changes of rows that are wanted; None if there are too many."""
        found = select_columns(
            col(RollupDelta.row_id), col(RollupDelta.change), *(getattr(RollupDelta, name) for name in by)
        )
        found = found.where(*self.of_deltas(scope.environment, question.wanted.items()))
        rows = scope.session.connection().execute(found.limit(MOST_DELTAS + 1)).all()
        return None if len(rows) > MOST_DELTAS else [(row[0], tuple(row[2:]), row[1]) for row in rows]

    def of_deltas(self, environment: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
        here = [col(RollupDelta.counted) == self._counted.name, col(RollupDelta.environment) == environment]
        return [*here, *_wanted_in(RollupDelta, wanted)]

    def _sums(
        self,
        scope: Scope,
        generation: RollupGeneration,
        spans: Sequence[Span],
        question: Question,
        columns: Sequence[Any],
    ) -> Sequence[Any]:
        """The total for each combination of values of these columns, and the values, of each span."""
        parts = [
            select_columns(func.coalesce(func.sum(col(Rollup.total)), 0).label("total"), *columns)
            .where(*_of_span(scope.environment, generation.number, span), *_wanted_in(Rollup, question.wanted.items()))
            .group_by(*columns)
            for span in spans
        ]
        return scope.session.connection().execute(union_all(*parts)).all() if parts else ()

    def _rows(
        self, scope: Scope, ids: IdRange, question: Question, by: Values, most: int | None = None
    ) -> Counter[Values]:
        """Counts the rows themselves."""
        sums = Counter[Values]()
        if ids.is_empty:
            return sums
        rows = self.rows(scope.environment, ids, question.wanted.items(), by, most)
        by_value = [rows.c[name] for name in by]
        counted = select_columns(func.count(), *by_value).select_from(rows).group_by(*by_value)
        for count, *values in scope.session.connection().execute(counted):
            sums[tuple(values)] += count
        return sums

    def rows(self, environment: Any, ids: IdRange, wanted: Wanted, by: Values, most: int | None) -> Subquery:
        table = self._counted.table
        values_in = [self._counted.value(name).in_(sorted(values)) for name, values in wanted]
        here = (col(table.environment) == environment, *ids.conditions(table.id), *values_in)
        columns = [self._counted.value(name).label(name) for name in by]
        return select_columns(col(table.id), *columns).where(*here).limit(most).subquery()


@lru_cache(maxsize=200)
def _total(
    counter: RollupCounter,
    number: int,
    through: UUID,
    spans: Sequence[Span],
    rest: Sequence[IdRange],
    wanted: Wanted,
    most_deltas: int,
    cap: int,
) -> Select[Any]:
    """The sum of everything that is counted; whether there are too many deltas; counts of what is not counted yet."""
    here: Any = bindparam("environment")
    deltas = counter.of_deltas(here, wanted)
    in_spans = [and_(true(), *span.ids.conditions(RollupDelta.row_id)) for span in spans]
    is_counted = col(RollupDelta.row_id) <= through
    changes = func.coalesce(func.sum(col(RollupDelta.change)), 0)
    parts = [select_columns(changes).where(*deltas, is_counted, or_(false(), *in_spans))]
    for span in spans:
        of_span = (*_of_span(here, number, span), *_wanted_in(Rollup, wanted))
        parts.append(select_columns(func.coalesce(func.sum(col(Rollup.total)), 0)).where(*of_span))
    parts += [_count(counter.rows(here, ids, wanted, (), None)) for ids in rest if not ids.is_empty]
    one_too_many = select_columns(col(RollupDelta.id)).where(*deltas).offset(most_deltas).limit(1)
    new = [span.ids.within(IdRange.above(through)) for span in spans]
    uncounted = [_count(counter.rows(here, ids, wanted, (), cap + 1)) for ids in new if not ids.is_empty]
    first, *others = [part.scalar_subquery() for part in parts]
    columns = [sum(others, first), one_too_many.scalar_subquery().is_not(None)]
    return select_columns(*columns, *(each.scalar_subquery() for each in uncounted))


def _count(rows: Subquery) -> Select[Any]:
    return select_columns(func.count()).select_from(rows)


def complete_generation(session: Session, counted: CountedTable) -> RollupGeneration | None:
    """The newest complete count of the table."""
    return session.exec(COMPLETE, params={"counted": counted.name}).first()


def cover(ids: IdRange, cubes: Sequence[Cube], zone: ZoneInfo, quarters_from: int) -> Cover:
    """The range as whole periods of the cubes, which are in order from the longest period to the shortest."""
    if not cubes:
        return Cover((), (ids,))
    cube, *shorter = cubes
    begin, end = _whole_periods(ids, cube.grain, zone)
    if cube.grain == Grain.EVER:
        return Cover((Span(cube, None, None),), ()) if ids == IdRange() else cover(ids, shorter, zone, quarters_from)
    if cube.grain == Grain.QUARTER:
        begin = max(begin or quarters_from, quarters_from)
    if begin is not None and end is not None and begin >= end:
        return cover(ids, shorter, zone, quarters_from)
    span = Span(cube, begin, end)
    before = IdRange(ids.low, span.ids.low) if span.ids.low is not None else NO_IDS
    after = IdRange(span.ids.high, ids.high) if span.ids.high is not None else NO_IDS
    edges = [cover(edge, shorter, zone, quarters_from) for edge in (before, after) if not edge.is_empty]
    return Cover(
        [span, *(each for edge in edges for each in edge.spans)], [each for edge in edges for each in edge.rest]
    )


def _whole_periods(ids: IdRange, grain: Grain, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """The first period that begins in the range, and the last moment at which one begins or the range ends."""
    begin = end = None
    if grain == Grain.EVER:
        return begin, end
    if ids.low is not None:
        second = min(-(-ids.low // (1000 << BITS_BELOW_TIME)), LAST_SECOND)
        begin = begin_of(second, grain, zone)
        if begin < second:
            begin = end_of(second, grain, zone)
    if ids.high is not None:
        end = begin_of(second_of(UUID(int=ids.high)), grain, zone)
    return begin, end


def _span_around(cube: Cube, ids: IdRange, zone: ZoneInfo) -> Span:
    """The periods in which ids of the range may be."""
    begin = None if ids.low is None else begin_of(second_of(UUID(int=ids.low)), cube.grain, zone)
    end = None if ids.high is None else end_of(second_of(UUID(int=max(0, ids.high - 1))), cube.grain, zone)
    return Span(cube, begin, end)


def months_with(
    sums: Mapping[int, int], ids: IdRange, rows: int, zone: ZoneInfo, *, is_oldest_first: bool
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The first and the last month in which the first `rows` rows of a list are, each with its end; None without rows.

    A month that the ids cut may have fewer rows than its sum says, so it brings the list no nearer to its end.
    """
    in_order = [(begin, end_of(begin, Grain.MONTH, zone)) for begin in sorted(sums, reverse=not is_oldest_first)]
    if not in_order:
        return None
    last, there = in_order[-1], 0
    for month in in_order:
        whole = IdRange(first_id_at(month[0]), first_id_at(month[1]))
        there += sums[month[0]] if whole.within(ids) == whole else 0
        if there >= rows:
            last = month
            break
    earliest, latest = sorted((in_order[0], last))
    return earliest, latest


def _of_span(environment: Any, generation: int, span: Span) -> list[ColumnElement[bool]]:
    found = [
        col(Rollup.generation) == generation,
        col(Rollup.cube) == span.cube.name,
        col(Rollup.environment) == environment,
    ]
    if span.begin is not None:
        found.append(col(Rollup.starts) >= span.begin)
    if span.end is not None:
        found.append(col(Rollup.starts) < span.end)
    return found


def _in_order(question: Question) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(sorted(values))) for name, values in sorted(question.wanted.items()))


def _wanted_in(table: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    return [col(getattr(table, name)).in_(sorted(values)) for name, values in wanted]
