"""Reads of a list by its filter: one page, how many there are, what is newer, and all of them for an export."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.db import Read
from dashboard.web.lists.fields import Condition, Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.pagination import COUNT_CAP, PAGE_SIZE, Page

Row = TypeVar("Row")

EXPORTED_AT_ONCE = 500


def page_of(scope: Scope, filters: ListFilter[Row], after: Any = None, top: Any = None) -> Page[Row]:
    """One page that begins after the row with the key `after`; `top` leaves out what came since the list was opened."""
    conditions, key = filters.conditions(scope), col(filters.key_column())
    count = _count(scope, filters, list(conditions.values()), COUNT_CAP)
    beyond = [filters.after(after)] if after is not None else []
    if top is not None:
        beyond.append(key <= top)
    rows = scope.session.exec(filters.newest(scope, conditions, beyond, PAGE_SIZE + 1)).all()
    page = rows[:PAGE_SIZE]
    return Page(page, getattr(page[-1], filters.key) if len(rows) > PAGE_SIZE else None, count, filters)


def count_of(scope: Scope, filters: ListFilter[Any], cap: int = COUNT_CAP) -> int:
    """Up to one more than `cap`, which means "more than that"."""
    return _count(scope, filters, list(filters.conditions(scope).values()), cap)


def count_newer(scope: Scope, filters: ListFilter[Any], top: Any) -> int:
    """How many rows came after the first one of an open list."""
    newer = [*filters.conditions(scope).values(), col(filters.key_column()) > top]
    return _count(scope, filters, newer, COUNT_CAP)


def count_all(scope: Scope, filters: ListFilter[Any], through: Any) -> int:
    """All of them counted, however long that takes."""
    return _count(scope, filters, [*filters.conditions(scope).values(), col(filters.key_column()) <= through], None)


def all_rows(read: Read, scope: Scope, filters: ListFilter[Row], through: Any) -> Iterator[Sequence[Row]]:
    """Every row from `through` on, newest first, a few hundred in memory at a time, each batch read by itself.

    For a list in the order of its keys.
    """
    key = col(filters.key_column())
    beyond = key <= through
    while True:
        with read() as session:
            here = replace(scope, session=session)
            batch = session.exec(filters.newest(here, filters.conditions(here), [beyond], EXPORTED_AT_ONCE)).all()
        yield batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        beyond = filters.after(getattr(batch[-1], filters.key))


def newest_key(scope: Scope, filters: ListFilter[Any]) -> Any:
    """The key of the newest row; None where there is no row."""
    key = filters.key_column()
    found = select(key).where(*filters.conditions(scope).values()).order_by(col(key).desc())
    return scope.session.exec(found.limit(1)).first()


def newest_change(scope: Scope, *tables: Any) -> int:
    """A number that grows whenever a row of these tables changes: what an open list compares itself with."""
    newest = [
        scope.session.exec(select(func.max(table.changed_at)).where(table.environment == scope.environment)).one()
        for table in tables
    ]
    return max(int(moment.timestamp() * 1_000_000) if moment else 0 for moment in newest)


def _count(scope: Scope, filters: ListFilter[Any], conditions: Sequence[Condition], cap: int | None) -> int:
    found = select(filters.key_column()).where(*conditions).limit(None if cap is None else cap + 1)
    return scope.session.exec(select(func.count()).select_from(found.subquery())).one()
