"""Reads for the list of refused deliveries and for today's bar."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func
from sqlmodel import Session, col, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.db import first_id_of
from dashboard.web.pagination import PAGE_SIZE, Page

LONGEST = 200


@dataclass(frozen=True)
class RefusedFilter:
    """What the list shows, as it stands in the address."""

    reason: str = ""  # a RefusalReason
    job: str = ""  # our id of it, or what the body called it
    day: str = ""  # of UTC, as 2026-11-24

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "RefusedFilter":
        # PostgreSQL refuses a NUL outright; nothing stored holds one, so another sign that is never found stands in.
        return cls(**{name: args.get(name, "").strip().replace("\0", "\ufffd")[:LONGEST] for name in NAMES})

    @property
    def asked(self) -> dict[str, str]:
        """For the query of an address: those that are set."""
        return {name: value for name, value in asdict(self).items() if value}

    def conditions(self, environment: str) -> list[ColumnElement[bool]]:
        """Nonsense in the address finds nothing."""
        found: list[ColumnElement[bool]] = [col(RefusedDelivery.environment) == environment]
        if self.reason:
            is_known = self.reason in list(RefusalReason)
            found.append(col(RefusedDelivery.reason) == RefusalReason(self.reason) if is_known else false())
        if self.job:
            found.append(_is_of_job(self.job))
        if self.day:
            found += _came_on(self.day)
        return found


NAMES = tuple(RefusedFilter.__dataclass_fields__)


def list_refused(
    session: Session, environment: str, wanted: RefusedFilter, after: UUID | None
) -> Page[RefusedDelivery]:
    conditions: list[Any] = wanted.conditions(environment)
    counted = select(func.count()).select_from(RefusedDelivery).where(*conditions)  # of 1,000 rows at most
    page = select(RefusedDelivery).where(*conditions)
    if after:
        page = page.where(col(RefusedDelivery.id) < after)
    rows = session.exec(page.order_by(col(RefusedDelivery.id).desc()).limit(PAGE_SIZE + 1)).all()
    next_after = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    return Page(rows[:PAGE_SIZE], next_after, session.exec(counted).one())


def all_refused(session: Session, environment: str, wanted: RefusedFilter) -> Sequence[RefusedDelivery]:
    """For taking them out; there are never more than 1,000."""
    rows = select(RefusedDelivery).where(*wanted.conditions(environment))
    return session.exec(rows.order_by(col(RefusedDelivery.id).desc())).all()


def count_refused(session: Session, environment: str, since: datetime, until: datetime) -> int:
    """Deliveries, of which one row may stand for many."""
    of_stretch = [col(RefusedDelivery.id) >= first_id_of(since), col(RefusedDelivery.id) < first_id_of(until)]
    total = select(func.coalesce(func.sum(RefusedDelivery.count), 0))
    return int(session.exec(total.where(RefusedDelivery.environment == environment, *of_stretch)).one())


def _is_of_job(job: str) -> ColumnElement[bool]:
    try:
        return col(RefusedDelivery.job_id) == UUID(job)
    except ValueError:
        return col(RefusedDelivery.claimed_job_id) == job


def _came_on(day: str) -> list[ColumnElement[bool]]:
    """Ids are in the order of time, so a day is a stretch of the index that the list is read from anyway."""
    try:
        begins = datetime.combine(date.fromisoformat(day), time(), UTC)
        first, beyond = first_id_of(begins), first_id_of(begins + timedelta(days=1))
    except (ValueError, OverflowError):
        return [false()]
    return [col(RefusedDelivery.id) >= first, col(RefusedDelivery.id) < beyond]
