"""What is typed into a search box is an id, or the number of a person: that goes on as its keyed digest alone.

Each list looks for ids of its own. Here they are told from numbers, and compared however they are written.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, union_all
from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.models import Job
from dashboard.smile.typed import clean_code, fold_typed, looks_like_number
from dashboard.web.lists.fields import DIGESTS, Condition, Find, Scope, digest
from dashboard.web.lists.filters import ListFilter

BEYOND = "\U0010ffff"
#: As many as are named in a query.
FEW = 500


Row = TypeVar("Row")


class NumberSearch(ListFilter[Row]):
    """A list with a search box for ids and for ID numbers. Its filter declares both fields, `q` and `number`."""

    q: str
    number: str

    def for_address(self, scope: Scope) -> Self:
        """What was typed into the search box, without an ID number in it."""
        number = self._number_typed(scope) if self.q else ""
        # A number that somebody put there by hand goes no further.
        kept = self.number if DIGESTS.fullmatch(self.number) else ""
        changed: dict[str, Any] = {"q": "" if number else self.q, "number": number or kept}
        return replace(self, **changed)

    def of_program(self, scope: Scope) -> Self:
        """As `for_address`: a program may put a search into an address in clear."""
        return self.for_address(scope) if self.q else self

    def is_id(self, scope: Scope) -> bool:
        """Whether there is such an id. The beginning of one says little, for a number may look that way."""
        raise NotImplementedError

    def is_stored(self, scope: Scope, digests: Sequence[str]) -> bool:
        return is_number_of_job(scope.session, scope.environment, digests)

    def _number_typed(self, scope: Scope) -> str:
        """Its digests; empty where what was typed is no ID number."""
        digests = keyring_of(scope.session).digests_of_number(self.q)
        is_number = self.is_stored(scope, digests) or (looks_like_number(self.q) and not self.is_id(scope))
        return ".".join(digests) if is_number else ""


def number_field(find: Find) -> Any:
    """The field `number` of a list."""
    note = "Shows only what carries the ID number that you searched for. The number itself is not kept."
    return digest("an ID number", find, note)


def has_digest(column: Any) -> Find:
    """Finds the rows that have one of the digests in the address. Nonsense there finds nothing."""
    return lambda _, asked: col(column).in_(asked.split(".")) if DIGESTS.fullmatch(asked) else false()


@dataclass(frozen=True)
class Ids:
    """The columns of a table with ids that people type: by their beginning, by what was meant, or whole."""

    table: Any
    by_beginning: Sequence[Any]
    folded: Sequence[Any]
    whole: Sequence[Any] = ()

    def find(self, scope: Scope, typed: str) -> Condition:
        return self._any_of(scope, [*self._as_written(typed), *(means(column, typed) for column in self.folded)])

    def has(self, scope: Scope, typed: str) -> bool:
        is_it = self._any_of(scope, [*self._as_written(typed), *(is_just(column, typed) for column in self.folded)])
        found = select(self.table.id).where(self._here(scope), is_it).limit(1)
        return scope.session.exec(found).first() is not None

    def _as_written(self, typed: str) -> list[ColumnElement[bool]]:
        found = [begins_with(col(column), typed) for column in self.by_beginning]
        found += [col(column) == typed for column in self.whole]
        with suppress(ValueError):  # Not one of our ids; the other columns may still hold it.
            found.append(col(self.table.id) == UUID(typed))
        return found

    def _any_of(self, scope: Scope, each_way: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return any_of(scope.session, col(self.table.id), self._here(scope), each_way)

    def _here(self, scope: Scope) -> ColumnElement[bool]:
        return col(self.table.environment) == scope.environment


def is_number_of_job(session: Session, environment: str, digests: Sequence[str]) -> bool:
    found = select(Job.id).where(Job.environment == environment, col(Job.id_number_digest).in_(digests)).limit(1)
    return session.exec(found).first() is not None


def any_of(
    session: Session, row_id: Any, within: ColumnElement[bool], each_way: Sequence[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Rows that are found in any of several ways, each a stretch of an index of its own.

    A few are looked up at once and named. Where there are many, a list finds its page among the newest soon, and
    collecting all of them would take longer.
    """
    few = [select(row_id.label("id")).where(within, way).limit(FEW + 1).subquery() for way in each_way]
    found = session.exec(union_all(*(select(part.c.id) for part in few))).scalars().all()  # type: ignore[call-overload]
    return or_(*each_way) if len(found) > FEW else row_id.in_(set(found))


def begins_with(column: Any, typed: str) -> ColumnElement[bool]:
    """An id by its beginning, as it is written. A stretch of its index, on both engines."""
    return and_(column >= typed, column <= typed + BEYOND)


def means(column: Any, typed: str) -> ColumnElement[bool]:
    """The same for a folded column. Without its leading zeros a number would begin many others: it has to be whole."""
    folded = fold_typed(typed)
    if not folded:
        return false()
    return column == folded if clean_code(typed).startswith("0") else begins_with(column, folded)


def is_just(column: Any, typed: str) -> ColumnElement[bool]:
    """Whether a folded column holds just this."""
    folded = fold_typed(typed)
    return column == folded if folded else false()
