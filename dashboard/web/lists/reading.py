"""Queries of a list by its filter: one page, counts, newer rows, and all rows for an export."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ScalarSelect, func
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from dashboard.db import Read, likely
from dashboard.web.lists.fields import Condition, Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP, PAGE_SIZE, Page

Row = TypeVar("Row")

EXPORTED_AT_ONCE = 500


def page_of(scope: Scope, filters: ListFilter[Row], after: Any = None, top: Any = None, back: Any = None) -> Page[Row]:
    """One page that begins after the row with the key `after`, or ends before the one with the key `back`.

    `top` leaves out rows that came since the list was opened.
    """
    conditions = filters.conditions(scope)
    count = _count_by(scope, filters, conditions, COUNT_CAP)
    within = [] if top is None else [likely(col(filters.key_column()) <= top)]
    rows: Sequence[Row] = ()
    if back is not None:
        rows = _rows_before(scope, filters, conditions, [*within, filters.after(back, is_backwards=True)])
    if rows:
        next_after = _key_of(rows[-1], filters)
    else:  # also if less than a page comes before `back`
        place = [filters.after(after)] if after is not None else []
        found = scope.session.exec(filters.in_order(scope, conditions, [*within, *place], PAGE_SIZE + 1)).all()
        rows = found[:PAGE_SIZE]
        next_after = _key_of(rows[-1], filters) if len(found) > PAGE_SIZE else None
    ahead = 0
    if rows and (after is not None or back is not None):
        before = filters.after(_key_of(rows[0], filters), is_backwards=True)
        ahead = _count(scope, filters, [*conditions.values(), *within, before], COUNT_CAP)
    return Page(rows, next_after, count, filters, ahead)


def _rows_before(
    scope: Scope, filters: ListFilter[Row], conditions: Mapping[str, Condition], beyond: Sequence[Condition]
) -> Sequence[Row]:
    """The page that ends there; empty if it would be part of the first page."""
    query = filters.in_order(scope, conditions, beyond, PAGE_SIZE + 1, is_backwards=True)
    found = scope.session.exec(query).all()
    return found[PAGE_SIZE - 1 :: -1] if len(found) > PAGE_SIZE else ()


def _key_of(row: Any, filters: ListFilter[Any]) -> Any:
    return getattr(row, filters.key)


def count_of(scope: Scope, filters: ListFilter[Any], cap: int = COUNT_CAP) -> int:
    """The number of rows, up to `cap` + 1, which means "more than that"."""
    return _count_by(scope, filters, filters.conditions(scope), cap)


def counts_of(scope: Scope, lists: Sequence[ListFilter[Any]]) -> list[int]:
    """The number of rows of each list, up to COUNT_CAP + 1, in one statement."""
    counts = [_counting(filters, list(filters.conditions(scope).values()), COUNT_CAP) for filters in lists]
    return list(scope.session.connection().execute(select_columns(*counts)).one())


def count_newer(scope: Scope, filters: ListFilter[Any], top: Any) -> int:
    """How many rows came after the first one of an open list."""
    newer = [*filters.conditions(scope).values(), likely(col(filters.key_column()) > top)]
    return _count(scope, filters, newer, COUNT_CAP)


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
    found = select(key).where(*filters.conditions(scope).values()).order_by(col(key).desc())
    return scope.session.exec(found.limit(1)).first()


def newest_change(scope: Scope, *tables: Any) -> int:
    """A number that grows whenever a row of these tables changes, so that an open list knows when to refresh."""
    newest = [
        scope.session.exec(select(func.max(table.changed_at)).where(table.environment == scope.environment)).one()
        for table in tables
    ]
    return max(int(moment.timestamp() * 1_000_000) if moment else 0 for moment in newest)


def _count_by(scope: Scope, filters: ListFilter[Any], conditions: Mapping[str, Condition], cap: int) -> int:
    known = filters.known_count(scope)
    return _count(scope, filters, list(conditions.values()), cap) if known is None else min(known, cap + 1)


def _count(scope: Scope, filters: ListFilter[Any], conditions: Sequence[Condition], cap: int | None) -> int:
    return int(scope.session.connection().execute(select_columns(_counting(filters, conditions, cap))).scalar_one())


def _counting(filters: ListFilter[Any], conditions: Sequence[Condition], cap: int | None) -> ScalarSelect[int]:
    found = select(filters.key_column()).where(*conditions)
    if cap is not None:
        # In the order of the list, so that both engines go by the index that the list is read by, and stop early.
        found = found.order_by(filters.by_key()).limit(cap + 1)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()
