"""What is typed into a search box is an id, or the number of a person: that goes on as its keyed digest alone.

Each list looks for ids of its own. Here they are told from numbers, and compared however they are written.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, union_all
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.models import Job
from dashboard.smile.typed import clean_code, fold_typed, looks_like_number

#: As it stands in an address: a digest for each key of the ring, since an older one may be what is stored.
DIGESTS = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{64})*")
BEYOND = "\U0010ffff"
#: As many as are named in a query.
FEW = 500


def number_for_address(session: Session, typed: str, is_stored: Callable[[Sequence[str]], bool], is_id: bool) -> str:
    """Nothing where what was typed is no ID number. `is_id`: the list finds it without taking it for one."""
    if not typed:
        return ""
    digests = keyring_of(session).digests_of_number(typed)
    is_number = is_stored(digests) or (looks_like_number(typed) and not is_id)
    return ".".join(digests) if is_number else ""


def kept_number(asked: str) -> str:
    """What the list was filtered by already; a number that somebody put there by hand goes no further."""
    return asked if DIGESTS.fullmatch(asked) else ""


def has_number(column: Mapped[str | None], asked: str) -> ColumnElement[bool]:
    """Nonsense in the address finds nothing, rather than everything."""
    return column.in_(asked.split(".")) if kept_number(asked) else false()


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
