"""Answers a list's questions from the rollups, the open deltas and, where a period is cut, a few rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, or_, true, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

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
        """In one statement, which finds the same as long as the count is the same: a poll reads no more than that."""
        if not all(question.wanted.values()) or question.ids.is_empty:
            return 0
        generation = complete_generation(scope.session, self._counted)
        if generation is None or not self._tells_apart(question):
            return None
        parts = self._cover(generation, question.ids, set(question.wanted))
        if parts is None:
            return None
        deltas = self._of_deltas(scope, question)
        in_spans = [and_(true(), *span.ids.conditions(RollupDelta.row_id)) for span in parts.spans]
        folded_later = select_columns(func.coalesce(func.sum(col(RollupDelta.change)), 0)).where(
            *deltas, col(RollupDelta.row_id) <= generation.through, or_(false(), *in_spans)
        )
        too_many = select_columns(col(RollupDelta.id)).where(*deltas).offset(MOST_DELTAS).limit(1)
        sums = [
            select_columns(func.coalesce(func.sum(col(Rollup.total)), 0)).where(
                *_of_span(scope, generation, span), *_wanted_in(Rollup, question)
            )
            for span in parts.spans
        ]
        rest = [self._count_of_rows(scope, ids, question) for ids in parts.rest if not ids.is_empty]
        new = [span.ids.within(IdRange.above(generation.through)) for span in parts.spans]
        uncounted = [self._count_of_rows(scope, ids, question, COUNT_CAP + 1) for ids in new if not ids.is_empty]
        known = sum((part.scalar_subquery() for part in (*sums, *rest)), folded_later.scalar_subquery())
        columns = [known, too_many.scalar_subquery().is_not(None), *(each.scalar_subquery() for each in uncounted)]
        total, is_too_much, *more = scope.session.connection().execute(select_columns(*columns)).one()
        return None if is_too_much or any(each > COUNT_CAP for each in more) else int(total) + sum(more)

    def count_by(self, scope: Scope, question: Question, dimensions: Iterable[str]) -> Mapping[Values, int] | None:
        by = tuple(dimensions)
        if question.ids.is_empty:
            return {}
        generation = complete_generation(scope.session, self._counted)
        if generation is None or not self._tells_apart(question):
            return None
        parts = self._cover(generation, question.ids, {*question.wanted, *by})
        deltas = self._deltas(scope, question, by)
        if parts is None or deltas is None:
            return None
        sums = Counter[Values]()
        for values, total in self._sums(scope, generation, parts.spans, question, by):
            sums[values] += total
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
            sums = Counter[int](dict(self._totals(scope, generation, span, question)))
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

    def _cover(self, generation: RollupGeneration, ids: IdRange, dimensions: set[str]) -> Cover | None:
        cubes = [cube for grain in Grain if (cube := self._counted.cube_with(grain, dimensions))]
        if not any(cube.grain == Grain.MONTH for cube in cubes):
            return None
        return cover(ids, cubes, Formats(time_zone=generation.zone).zone, generation.quarters_from)

    def _deltas(self, scope: Scope, question: Question, by: Values) -> Sequence[tuple[UUID, Values, int]] | None:
        """The open changes of rows that are wanted; None if there are too many."""
        found = select_columns(
            col(RollupDelta.row_id), col(RollupDelta.change), *(getattr(RollupDelta, name) for name in by)
        )
        found = found.where(*self._of_deltas(scope, question))
        rows = scope.session.connection().execute(found.limit(MOST_DELTAS + 1)).all()
        return None if len(rows) > MOST_DELTAS else [(row[0], tuple(row[2:]), row[1]) for row in rows]

    def _of_deltas(self, scope: Scope, question: Question) -> list[ColumnElement[bool]]:
        here = [col(RollupDelta.counted) == self._counted.name, col(RollupDelta.environment) == scope.environment]
        return [*here, *_wanted_in(RollupDelta, question)]

    def _sums(
        self, scope: Scope, generation: RollupGeneration, spans: Sequence[Span], question: Question, by: Values
    ) -> Iterable[tuple[Values, int]]:
        columns = [getattr(Rollup, name) for name in by]
        parts = [
            select_columns(func.coalesce(func.sum(col(Rollup.total)), 0).label("total"), *columns)
            .where(*_of_span(scope, generation, span), *_wanted_in(Rollup, question))
            .group_by(*columns)
            for span in spans
        ]
        for total, *values in scope.session.connection().execute(union_all(*parts)) if parts else ():
            yield tuple(values), int(total)

    def _totals(
        self, scope: Scope, generation: RollupGeneration, span: Span, question: Question
    ) -> Iterable[tuple[int, int]]:
        by_period = select_columns(col(Rollup.starts), func.sum(col(Rollup.total))).group_by(col(Rollup.starts))
        found = by_period.where(*_of_span(scope, generation, span), *_wanted_in(Rollup, question))
        for begin, total in scope.session.connection().execute(found):
            yield begin, int(total)

    def _rows(
        self, scope: Scope, ids: IdRange, question: Question, by: Values, most: int | None = None
    ) -> Counter[Values]:
        """Counts the rows themselves."""
        sums = Counter[Values]()
        if ids.is_empty:
            return sums
        rows = self._rows_of(scope, ids, question, by, most)
        by_value = [rows.c[name] for name in by]
        counted = select_columns(func.count(), *by_value).select_from(rows).group_by(*by_value)
        for count, *values in scope.session.connection().execute(counted):
            sums[tuple(values)] += count
        return sums

    def _count_of_rows(self, scope: Scope, ids: IdRange, question: Question, most: int | None = None) -> Select[Any]:
        return select_columns(func.count()).select_from(self._rows_of(scope, ids, question, (), most))

    def _rows_of(self, scope: Scope, ids: IdRange, question: Question, by: Values, most: int | None) -> Subquery:
        table = self._counted.table
        wanted = [self._counted.value(name).in_(sorted(values)) for name, values in question.wanted.items()]
        here = (col(table.environment) == scope.environment, *ids.conditions(table.id), *wanted)
        columns = [self._counted.value(name).label(name) for name in by]
        return select_columns(col(table.id), *columns).where(*here).limit(most).subquery()


def complete_generation(session: Session, counted: CountedTable) -> RollupGeneration | None:
    """The newest complete count of the table."""
    complete = select(RollupGeneration).where(
        RollupGeneration.counted == counted.name, col(RollupGeneration.is_complete)
    )
    return session.exec(complete.order_by(col(RollupGeneration.number).desc()).limit(1)).first()


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


def _of_span(scope: Scope, generation: RollupGeneration, span: Span) -> list[ColumnElement[bool]]:
    found = [
        col(Rollup.generation) == generation.number,
        col(Rollup.cube) == span.cube.name,
        col(Rollup.environment) == scope.environment,
    ]
    if span.begin is not None:
        found.append(col(Rollup.starts) >= span.begin)
    if span.end is not None:
        found.append(col(Rollup.starts) < span.end)
    return found


def _wanted_in(table: Any, question: Question) -> list[ColumnElement[bool]]:
    return [col(getattr(table, name)).in_(sorted(values)) for name, values in question.wanted.items()]
