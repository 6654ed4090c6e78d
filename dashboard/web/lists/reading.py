"""Queries of a list by its filter: one page, counts, newer rows, and all rows for an export."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ScalarSelect, bindparam, func
from sqlalchemy import select as select_columns
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.db import Read
from dashboard.query_hints import likely
from dashboard.web.lists.built import run
from dashboard.web.lists.counting import IdRange, Question, question_of
from dashboard.web.lists.fields import Condition, Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP, PAGE_SIZE, Page

Row = TypeVar("Row")

EXPORTED_AT_ONCE = 500
#: With one filter an index leads to the rows. With several, the database may have to pass by many that lack one.
FILTERS_THAT_MAY_SCAN = 2


def page_of(
    scope: Scope,
    filters: ListFilter[Row],
    after: Any = None,
    top: Any = None,
    back: Any = None,
    *,
    marks: Sequence[Any] | None = None,
) -> Page[Any]:
    """One page that begins after the row with the key `after`, or ends before the one with the key `back`.

    `top` leaves out rows that came since the list was opened. `marks`: instead of the rows, their keys and only these
    columns.
    """
    question = question_of(scope, filters) if filters.counter else None
    counted = _counted(scope, filters, question)
    count = count_of(scope, filters, COUNT_CAP) if counted is None else counted
    if marks is not None and after is back is None and not _may_scan(filters, question):
        found = run(scope, _first_marks, filters, shape=(top is not None, PAGE_SIZE + 1), top=top).all()
        return _first_page(found, count, filters, is_counted=counted is not None)
    conditions = filters.conditions(scope)
    rows: Sequence[Any] = ()
    if back is not None:
        before = _bounded(scope, filters, question, conditions, back, top, is_back=True)
        rows = _rows_before(scope, filters, *before, marks)
    if rows:
        next_after = _key_of(rows[-1], filters)
    else:  # also if less than a page comes before `back`
        bounded = _bounded(scope, filters, question, conditions, after, top)
        found = _read(scope, filters, filters.in_order(scope, *bounded, PAGE_SIZE + 1), marks)
        first_page = _first_page(found, count, filters, is_counted=counted is not None)
        rows, next_after = first_page.rows, first_page.next_after
    ahead: int | None = 0
    if rows and (after is not None or back is not None):
        first = _key_of(rows[0], filters)
        ahead = None
        if counted is not None:
            ahead = _counted(scope, filters, question, _ids_beyond(filters, first, top, is_back=True))
        if ahead is None:
            beyond = _rows_beyond(filters, first, top, is_back=True)
            ahead = _count(scope, filters, [*conditions.values(), *beyond], COUNT_CAP)
    return Page(rows, next_after, count, filters, ahead or 0, is_counted=counted is not None)


def _first_page(found: Sequence[Any], count: int, filters: ListFilter[Any], *, is_counted: bool) -> Page[Any]:
    """Of PAGE_SIZE + 1 rows, the last one only says that there are more."""
    rows = found[:PAGE_SIZE]
    next_after = _key_of(rows[-1], filters) if len(found) > PAGE_SIZE else None
    return Page(rows, next_after, count, filters, is_counted=is_counted)


def _counted(
    scope: Scope, filters: ListFilter[Any], question: Question | None, ids: IdRange | None = None
) -> int | None:
    """The exact count from the sums, or None if they do not know it."""
    if question is None or filters.counter is None:
        return None
    return filters.counter.count(scope, replace(question, ids=question.ids.within(ids or IdRange())))


def _bounded(
    scope: Scope,
    filters: ListFilter[Any],
    question: Question | None,
    conditions: Mapping[str, Condition],
    key: Any,
    top: Any,
    *,
    is_back: bool = False,
) -> tuple[Mapping[str, Condition], list[Condition]]:
    """The conditions of a page beyond the row with this key, and its bounds.

    Rows of several filters that are rare together are looked for only where the sums say that there are some. Such
    bounds replace all others: of two of one kind, SQLite might search by the wider one.
    """
    beyond = _rows_beyond(filters, key, top, is_back=is_back)
    if question is None or filters.counter is None or not _may_scan(filters, question):
        return conditions, beyond
    ids = question.ids.within(_ids_beyond(filters, key, top, is_back=is_back))
    is_oldest_first = filters.is_oldest_first != is_back
    asked = replace(question, ids=ids)
    extent = filters.counter.extent(scope, asked, PAGE_SIZE + 1, is_oldest_first=is_oldest_first)
    if extent is None:
        return conditions, beyond
    declared = filters.declared()
    others = {
        name: condition
        for name, condition in conditions.items()
        if name not in declared or not (declared[name].begins or declared[name].ends)
    }
    return others, [likely(bound) for bound in extent.within(ids).conditions(filters.key_column())]


def _may_scan(filters: ListFilter[Any], question: Question | None) -> bool:
    return question is not None and filters.counter is not None and len(question.wanted) >= FILTERS_THAT_MAY_SCAN


def _rows_beyond(filters: ListFilter[Any], key: Any, top: Any, *, is_back: bool = False) -> list[Condition]:
    """The rows after the one with this key, or before it, that were there when the list was opened."""
    within = [] if top is None else [likely(col(filters.key_column()) <= top)]
    return within if key is None else [*within, filters.after(key, is_backwards=is_back)]


def _ids_beyond(filters: ListFilter[Any], key: Any, top: Any, *, is_back: bool = False) -> IdRange:
    """The same as a range of ids, for a list in their order."""
    within = IdRange() if top is None else IdRange.up_to(top)
    if key is None:
        return within
    is_upwards = filters.is_oldest_first != is_back
    return within.within(IdRange.above(key) if is_upwards else IdRange.below(key))


def _rows_before(
    scope: Scope,
    filters: ListFilter[Any],
    conditions: Mapping[str, Condition],
    beyond: Sequence[Condition],
    marks: Sequence[Any] | None,
) -> Sequence[Any]:
    """The page that ends there; empty if it would be part of the first page."""
    query = filters.in_order(scope, conditions, beyond, PAGE_SIZE + 1, is_backwards=True)
    found = _read(scope, filters, query, marks)
    return found[PAGE_SIZE - 1 :: -1] if len(found) > PAGE_SIZE else ()


def _read(
    scope: Scope, filters: ListFilter[Any], query: SelectOfScalar[Any], marks: Sequence[Any] | None
) -> Sequence[Any]:
    if marks is None:
        return scope.session.exec(query).all()
    return scope.session.connection().execute(query.with_only_columns(filters.key_column(), *marks)).all()


def _first_marks(scope: Scope, filters: ListFilter[Any], has_top: bool, size: int) -> Any:
    """The first page, as keys and marks."""
    beyond = _rows_beyond(filters, None, bindparam("top") if has_top else None)
    first = filters.in_order(scope, filters.conditions(scope), beyond, size)
    return first.with_only_columns(filters.key_column(), *filters.marks)


def rows_of(scope: Scope, filters: ListFilter[Row], keys: Sequence[Any]) -> dict[Any, Row]:
    """Rows by their keys."""
    found = select(filters.table).options(*filters.options).where(col(filters.key_column()).in_(keys))
    return {_key_of(row, filters): row for row in scope.session.exec(found).all()}


def _key_of(row: Any, filters: ListFilter[Any]) -> Any:
    return getattr(row, filters.key)


def count_of(scope: Scope, filters: ListFilter[Any], cap: int = COUNT_CAP) -> int:
    """The number of rows, up to `cap` + 1, which means "more than that"."""
    known = filters.known_count(scope)
    return int(run(scope, _counts, filters, shape=(cap,)).scalar_one()) if known is None else min(known, cap + 1)


def shown_count(scope: Scope, filters: ListFilter[Any], cap: int = COUNT_CAP) -> tuple[int, bool]:
    """The number of rows as the list itself says it, and whether it is exact: there are more than `cap` if not."""
    counted = _counted(scope, filters, question_of(scope, filters) if filters.counter else None)
    if counted is not None:
        return counted, True
    found = count_of(scope, filters, cap)
    return min(found, cap), found <= cap


def counts_of(scope: Scope, lists: Sequence[ListFilter[Any]]) -> list[int]:
    """The number of rows of each list, up to COUNT_CAP + 1, in one statement."""
    return list(run(scope, _counts, *lists, shape=(COUNT_CAP,)).one())


def oldest_of(scope: Scope, lists: Sequence[ListFilter[Any]]) -> list[Any]:
    """The key of the oldest row of each list, None where there is none, in one statement."""
    return list(run(scope, _oldest, *lists).one())


def _oldest(scope: Scope, *lists: ListFilter[Any]) -> Any:
    firsts = []
    for filters in lists:
        key = col(filters.key_column())
        firsts.append(select(key).where(*filters.conditions(scope).values()).order_by(key.asc()).limit(1))
    return select_columns(*(first.scalar_subquery() for first in firsts))


def count_newer(scope: Scope, filters: ListFilter[Any], top: Any) -> int:
    """How many rows came after the first one of an open list."""
    return int(run(scope, _newer, filters, shape=(COUNT_CAP,), top=top).scalar_one())


def _counts(scope: Scope, *lists_and_cap: Any) -> Any:
    *lists, cap = lists_and_cap
    return select_columns(*(_counting(filters, list(filters.conditions(scope).values()), cap) for filters in lists))


def _newer(scope: Scope, filters: ListFilter[Any], cap: int) -> Any:
    newer = [*filters.conditions(scope).values(), likely(col(filters.key_column()) > bindparam("top"))]
    return select_columns(_counting(filters, newer, cap))


def count_all(scope: Scope, filters: ListFilter[Any], through: Any) -> int:
    """The exact number of rows up to `through`, however long that takes."""
    return _count(scope, filters, [*filters.conditions(scope).values(), col(filters.key_column()) <= through], None)


def all_rows(read: Read, scope: Scope, filters: ListFilter[Row], through: Any) -> Iterator[Sequence[Row]]:
    """Every row up to `through`, in batches that are each read by themselves.

    Only for lists that are in the order of their keys.
    """
    there = col(filters.key_column()) <= through
    beyond = [there]
    while True:
        with read() as session:
            here = replace(scope, session=session)
            batch = session.exec(filters.in_order(here, filters.conditions(here), beyond, EXPORTED_AT_ONCE)).all()
        yield batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        last = filters.after(_key_of(batch[-1], filters))
        # Newest first, the last row is the nearer bound. Given both, SQLite might search by the other one.
        beyond = [there, last] if filters.is_oldest_first else [last]


def newest_key(scope: Scope, filters: ListFilter[Any]) -> Any:
    """The key of the newest row; None if there is no row."""
    key = filters.key_column()
    question = question_of(scope, filters) if filters.counter else None
    newest_first = replace(filters, is_oldest_first=False)
    conditions, bounds = _bounded(scope, newest_first, question, filters.conditions(scope), None, None)
    found = select(key).where(*conditions.values(), *bounds).order_by(col(key).desc())
    return scope.session.exec(found.limit(1)).first()


def _count(scope: Scope, filters: ListFilter[Any], conditions: Sequence[Condition], cap: int | None) -> int:
    return int(scope.session.connection().execute(select_columns(_counting(filters, conditions, cap))).scalar_one())


def _counting(filters: ListFilter[Any], conditions: Sequence[Condition], cap: int | None) -> ScalarSelect[int]:
    found = select(filters.key_column()).where(*conditions)
    if cap is not None:
        # In the order of the list, so that both engines go by the index that the list is read by, and stop early.
        found = found.order_by(filters.by_key()).limit(cap + 1)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()
