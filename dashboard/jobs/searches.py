"""Searches by id, however it is written, or by ID number, which is replaced by its keyed digest.

Each list searches its own ids. This module tells ids from ID numbers and compares them.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, desc, exists, false, literal, or_, type_coerce, union_all
from sqlmodel import Session, col, select

from dashboard.db import IdDigits, is_one_of, keyring_of
from dashboard.jobs.models import Job
from dashboard.query_hints import without_index
from dashboard.smile.typed import clean_code, fold_typed, looks_like_number
from dashboard.web.lists.fields import DIGESTS, Condition, Find, Scope, digest
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP

BEYOND = "\U0010ffff"

Row = TypeVar("Row")


class NumberSearch(ListFilter[Row]):
    """A list with a search box for ids and ID numbers. Its filter declares both fields, `q` and `number`."""

    q: str
    number: str

    def for_address(self, scope: Scope) -> Self:
        """The filter for an address: an ID number typed into the search box becomes its digest."""
        number = self._number_typed(scope) if self.q else ""
        # A plain number that was put into the address by hand is dropped.
        kept = self.number if DIGESTS.fullmatch(self.number) else ""
        changed: dict[str, Any] = {"q": "" if number else self.q, "number": number or kept}
        return replace(self, **changed)

    def found_by_search(self, scope: Scope) -> Sequence[str]:
        """The ids that `q` finds, at most COUNT_CAP + 1."""
        raise NotImplementedError

    def known_count(self, scope: Scope) -> int | None:
        is_only_search = set(self.in_clear) == {"q"} and not self.is_unreadable
        return len(self.found_by_search(scope)) if is_only_search else None

    def of_program(self, scope: Scope) -> Self:
        """The filter of a program's request, which may have a plain number in its address."""
        return self.for_address(scope) if self.q else self

    def is_id(self, scope: Scope) -> bool:
        """Whether there is such an id. A beginning counts too, though a number may look like one."""
        raise NotImplementedError

    def is_stored(self, scope: Scope, digests: Sequence[str]) -> bool:
        return is_number_of_job(scope.session, scope.environment, digests)

    def _number_typed(self, scope: Scope) -> str:
        """The digests of the typed ID number; empty where it is not one."""
        digests = keyring_of(scope.session).digests_of_number(self.q)
        is_number = self.is_stored(scope, digests) or (looks_like_number(self.q) and not self.is_id(scope))
        return ".".join(digests) if is_number else ""


def number_field(find: Find) -> Any:
    """The field `number` of a list."""
    note = "Shows only entries with the ID number that you searched for. The number itself is not stored."
    return digest("an ID number", find, note)


def find_by_digest(column: Any) -> Find:
    """Finds the rows that have one of the digests in the address. Anything else in the address finds nothing.

    Of several, hardly ever more than one is stored, and only for one the index gives the order of the list: for a list
    of values SQLite would rather go through all rows.
    """
    table = column.class_

    def find(scope: Scope, asked: str) -> Condition:
        digests = asked.split(".") if DIGESTS.fullmatch(asked) else []
        here = col(table.environment) == scope.environment
        if len(digests) > 1:
            each = [select(literal(digest)).where(exists().where(here, column == digest)) for digest in digests]
            digests = list(scope.session.connection().execute(union_all(*each)).scalars()) or digests[:1]
        if len(digests) > 1:
            return col(table.id).in_(union_all(*(select(table.id).where(here, column == digest) for digest in digests)))
        return col(column) == digests[0] if digests else false()

    return find


@dataclass(frozen=True)
class Ids:
    """The id columns of a table that a search looks in: by beginning, folded, or whole."""

    table: Any
    by_beginning: Sequence[Any]
    folded: Sequence[Any]
    whole: Sequence[Any] = ()

    def find(self, scope: Scope, typed: str) -> Condition:
        """The rows that `found` names; where that are too many, the condition itself: the list soon finds its page."""
        found = self.found(scope, typed)
        if len(found) <= COUNT_CAP:
            return is_one_of(scope.session, col(self.table.id), found)
        # Without their indexes, or SQLite would collect all that match before it sorts them.
        some_way: Condition = without_index(or_(*self._ways(typed)))
        return some_way

    def found(self, scope: Scope, typed: str) -> Sequence[str]:
        """The rows that match in any way, each a range of its own index: COUNT_CAP + 1 where there are more.

        Looked up once per session.
        """
        known: dict[Any, Sequence[str]] = scope.session.info.setdefault("found ids", {})
        key = (self.table, scope.environment, typed)
        if key not in known:
            known[key] = self._look_up(scope, self._ways(typed), COUNT_CAP + 1)
        return known[key]

    def newest_with(self, scope: Scope, typed: str, limit: int) -> Sequence[Any]:
        """The newest rows that have this whole id, however it is typed."""
        columns = [col(column) == typed for column in (*self.by_beginning, *self.whole)]
        ways = [*columns, *(equals_folded(column, typed) for column in self.folded), *self._by_row_id(typed)]
        newest = [self._ids(scope, way).order_by(col(self.table.id).desc()).limit(limit) for way in ways]
        return self._rows(scope, self._distinct(newest).order_by(desc("id")).limit(limit))

    def some_that_begin(self, scope: Scope, typed: str, limit: int) -> Sequence[Any]:
        """Some rows with an id that begins like this."""
        some = [self._ids(scope, way).limit(limit) for way in self._ways(typed)]
        return self._rows(scope, self._distinct(some).limit(limit))

    def has(self, scope: Scope, typed: str) -> bool:
        ways = [*self._as_written(typed), *(equals_folded(column, typed) for column in self.folded)]
        return bool(self._look_up(scope, ways, 1))

    def _look_up(self, scope: Scope, ways: Sequence[ColumnElement[bool]], limit: int) -> Sequence[str]:
        each = self._distinct([self._ids(scope, way).limit(limit) for way in ways])
        return scope.session.connection().execute(each.limit(limit)).scalars().all()

    def _ids(self, scope: Scope, way: ColumnElement[bool]) -> Any:
        row_id = type_coerce(col(self.table.id), IdDigits).label("id")
        return select(row_id).where(col(self.table.environment) == scope.environment, way)

    def _distinct(self, parts: Sequence[Any]) -> Any:
        of_all = union_all(*(select(part.subquery().c.id) for part in parts)).subquery()
        return select(of_all.c.id).distinct()

    def _rows(self, scope: Scope, ids: Any) -> Sequence[Any]:
        """The rows with these ids, newest first."""
        row_id = col(self.table.id)
        return scope.session.exec(select(self.table).where(row_id.in_(ids)).order_by(row_id.desc())).all()

    def _ways(self, typed: str) -> list[ColumnElement[bool]]:
        return [*self._as_written(typed), *(begins_with_folded(column, typed) for column in self.folded)]

    def _as_written(self, typed: str) -> list[ColumnElement[bool]]:
        found = [begins_with(col(column), typed) for column in self.by_beginning]
        return [*found, *(col(column) == typed for column in self.whole), *self._by_row_id(typed)]

    def _by_row_id(self, typed: str) -> list[ColumnElement[bool]]:
        with suppress(ValueError):
            return [col(self.table.id) == UUID(typed)]
        return []  # Not a UUID; the other columns may still match.


def is_number_of_job(session: Session, environment: str, digests: Sequence[str]) -> bool:
    found = select(Job.id).where(Job.environment == environment, col(Job.id_number_digest).in_(digests)).limit(1)
    return session.exec(found).first() is not None


def begins_with(column: Any, typed: str) -> ColumnElement[bool]:
    """Matches an id by its beginning, as it is written: a range of its index on both engines."""
    return and_(column >= typed, column <= typed + BEYOND)


def begins_with_folded(column: Any, typed: str) -> ColumnElement[bool]:
    """The same for a folded column. A number with leading zeros must match whole, since without them it starts many."""
    folded = fold_typed(typed)
    if not folded:
        return false()
    return column == folded if clean_code(typed).startswith("0") else begins_with(column, folded)


def equals_folded(column: Any, typed: str) -> ColumnElement[bool]:
    """Matches a folded column that holds exactly this."""
    folded = fold_typed(typed)
    return column == folded if folded else false()
