"""Reads for the list of links: filters as they stand in the address, one page, and whether an open list is old."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import Session, col, select

from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from dashboard.jobs.queries import newest_change as newest_change_of_jobs
from dashboard.jobs.searches import (
    any_of,
    begins_with,
    has_number,
    is_just,
    is_number_of_job,
    kept_number,
    means,
    number_for_address,
)
from dashboard.links.models import STALLED_AFTER, Link, LinkKind, Stage
from dashboard.web.pagination import COUNT_CAP, PAGE_SIZE, Page
from dashboard.web.searches import SearchFilter

FOLDED_IDS = (Link.customer_reference_folded, Link.user_id_folded)
#: No stage but a mark: opened or started a while ago, and nothing came of it.
STALLED = "stalled"


@dataclass(frozen=True)
class LinkFilter(SearchFilter):
    purpose = "links"

    stage: str = ""
    product: str = ""
    kind: str = ""
    number: str = ""  # the keyed digest of an ID number, of a job that the link led to

    @property
    def is_empty(self) -> bool:
        return self == LinkFilter()

    def for_address(self, session: Session, environment: str) -> "LinkFilter":
        """What was typed into the search box, without an ID number in it."""
        is_id = bool(self.q) and _is_id(session, environment, self.q)
        number = number_for_address(
            session, self.q, lambda digests: is_number_of_job(session, environment, digests), is_id
        )
        return replace(self, q="" if number else self.q, number=number or kept_number(self.number))

    def conditions(self, session: Session, environment: str, now: datetime) -> list[ColumnElement[bool]]:
        """Nonsense in the address finds nothing, rather than everything."""
        nothing, here = col(Link.id).is_(None), col(Link.environment) == environment
        found = [here]
        if self.stage:
            found.append(STAGES[self.stage](now) if self.stage in STAGES else nothing)
        if self.product:
            found.append(col(Link.product) == Product(self.product) if self.product in list(Product) else nothing)
        if self.kind:
            found.append(col(Link.kind) == LinkKind(self.kind) if self.kind in list(LinkKind) else nothing)
        if self.is_unreadable:
            found.append(nothing)
        if self.q:
            found.append(any_of(session, col(Link.id), here, _each_way(self.q)))
        if self.number:
            found.append(_has_job(has_number(col(Job.id_number_digest), self.number)))
        return found


def list_links(
    session: Session, environment: str, wanted: LinkFilter, now: datetime, after: UUID | None, top: UUID | None = None
) -> Page[Link]:
    """One page, newest first, beginning after `after`; `top` leaves out what came since a list was opened."""
    conditions = wanted.conditions(session, environment, now)
    counted = select(Link.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    count = session.exec(select(func.count()).select_from(counted)).one()
    if after:
        conditions.append(col(Link.id) < after)
    if top:
        conditions.append(col(Link.id) <= top)
    rows = session.exec(select(Link).where(*conditions).order_by(col(Link.id).desc()).limit(PAGE_SIZE + 1)).all()
    page = rows[:PAGE_SIZE]
    return Page(page, page[-1].id if len(rows) > PAGE_SIZE else None, count)


def count_newer(session: Session, environment: str, wanted: LinkFilter, top: UUID, now: datetime) -> int:
    """How many links of this filter came after the first row of an open list."""
    conditions = [*wanted.conditions(session, environment, now), col(Link.id) > top]
    few = select(Link.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def count_stalled(session: Session, environment: str, now: datetime) -> int:
    few = select(Link.id).where(Link.environment == environment, _stalled(now)).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def newest_change(session: Session, environment: str) -> int:
    """A number that grows whenever any link changes, or a job that may be one of theirs."""
    newest = session.exec(select(func.max(Link.changed_at)).where(Link.environment == environment)).one()
    of_links = int(newest.timestamp() * 1_000_000) if newest else 0
    return max(of_links, newest_change_of_jobs(session, environment))


def _each_way(typed: str) -> list[ColumnElement[bool]]:
    """A reference or a user id by its beginning, as it is written or as it is meant, or a whole id of ours."""
    return [*_exactly(typed), *(means(column, typed) for column in FOLDED_IDS)]


def _is_id(session: Session, environment: str, typed: str) -> bool:
    """Whether there is such a reference or id: the folded beginning of one says little, for a number may begin so."""
    here, each_way = (
        col(Link.environment) == environment,
        [*_exactly(typed), *(is_just(each, typed) for each in FOLDED_IDS)],
    )
    found = any_of(session, col(Link.id), here, each_way)
    return session.exec(select(Link.id).where(here, found).limit(1)).first() is not None


def _exactly(typed: str) -> list[ColumnElement[bool]]:
    found = [begins_with(col(Link.customer_reference), typed), col(Link.user_id) == typed]
    with suppress(ValueError):  # Not an id of ours.
        found.append(col(Link.id) == UUID(typed))
    return found


def _has_job(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(col(Job.link_id) == col(Link.id), *conditions)


def _submitted() -> ColumnElement[bool]:
    counted_by_smile = func.coalesce(col(Link.smile_total_jobs), 0) > 0
    return or_(_has_job(col(Job.submitted_at).is_not(None)), counted_by_smile)


def _settled() -> ColumnElement[bool]:
    return _has_job(col(Job.submitted_at).is_not(None), col(Job.settled_at).is_not(None))


def _unsubmitted(*conditions: SQLCoreOperations[bool]) -> ColumnElement[bool]:
    return and_(*conditions, ~_submitted())


def _open_to_staff() -> ColumnElement[bool]:
    return and_(col(Link.paused_at).is_(None), col(Link.revoked_at).is_(None))


def _stalled(now: datetime) -> ColumnElement[bool]:
    """`Link.is_stalled` for the database."""
    seen_at = func.coalesce(col(Link.started_at), col(Link.opened_at))
    return _unsubmitted(_open_to_staff(), seen_at < now - STALLED_AFTER)


#: `Link.stage` for the database, and the mark of a stalled one.
STAGES: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    Stage.CREATED: lambda now: _unsubmitted(
        Link.is_live(now), col(Link.opened_at).is_(None), col(Link.started_at).is_(None)
    ),
    Stage.OPENED: lambda now: _unsubmitted(
        Link.is_live(now), col(Link.opened_at).is_not(None), col(Link.started_at).is_(None)
    ),
    Stage.STARTED: lambda now: _unsubmitted(Link.is_live(now), col(Link.started_at).is_not(None)),
    Stage.SUBMITTED: lambda _: and_(_open_to_staff(), _submitted(), ~_settled()),
    Stage.RESULT: lambda _: and_(_open_to_staff(), _settled()),
    Stage.EXPIRED: lambda now: _unsubmitted(_open_to_staff(), col(Link.expires_at) <= now),
    Stage.PAUSED: lambda _: and_(col(Link.revoked_at).is_(None), col(Link.paused_at).is_not(None)),
    Stage.REVOKED: lambda _: col(Link.revoked_at).is_not(None),
    STALLED: _stalled,
}
