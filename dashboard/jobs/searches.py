"""What is typed into a search box, before it becomes an address: an ID number goes on as its keyed digest alone.

Each list looks for ids of its own; here they are told from numbers.
"""

import re
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.models import Job
from dashboard.web.searches import looks_like_id_number

#: As it stands in an address: a digest for each key of the ring, since an older one may be what is stored.
DIGESTS = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{64})*")


def number_for_address(session: Session, typed: str, is_stored: Callable[[Sequence[str]], bool], is_id: bool) -> str:
    """Nothing where what was typed is no ID number. `is_id`: the list finds it without taking it for one."""
    if not typed:
        return ""
    digests = keyring_of(session).digests_for_search(typed)
    is_number = is_stored(digests) or (looks_like_id_number(typed) and not is_id)
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
