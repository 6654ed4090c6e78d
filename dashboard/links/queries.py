"""Queries about links: one link, the progress of its jobs, and what a code or a browser leads to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from dashboard.errors import NotFound
from dashboard.jobs.models import Job, JobState
from dashboard.links.codes import has_known_code, opens_with_code
from dashboard.links.models import NOTHING_YET, Link, LinkStart, Progress
from dashboard.web.lists.pagination import PAGE_SIZE


def find_link(session: Session, environment: str, link_id: UUID, to_change: bool = False) -> Link:
    statement = select(Link).where(Link.environment == environment, Link.id == link_id)
    if to_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    link = session.exec(statement).first()
    if link is None:
        raise NotFound
    return link


def jobs_of(session: Session, link_id: UUID, most: int = PAGE_SIZE) -> list[tuple[Job, LinkStart]]:
    """The link's jobs, newest first, each with the start that made it."""
    found = select(Job, LinkStart).join(LinkStart, col(LinkStart.job_id) == col(Job.id)).where(Job.link_id == link_id)
    return [(job, start) for job, start in session.exec(found.order_by(col(Job.id).desc()).limit(most))]


def progress_of(session: Session, link_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """The progress of each link, in two queries for a whole page of a list."""
    # A job that failed before it reached Smile is not a result.
    settled_at = case((col(Job.submitted_at).is_not(None), col(Job.settled_at)))
    awaited = case((col(Job.state) == JobState.AWAITING_CUSTOMER, 1), else_=0)
    sums = (func.count(), func.sum(Job.version), func.min(Job.submitted_at), func.min(settled_at), func.sum(awaited))
    of_these = col(Job.link_id).in_(link_ids)
    connection = session.connection()
    decided = select_columns(col(Job.link_id), col(Job.outcome)).where(of_these, col(Job.outcome).is_not(None))
    outcomes = {row.link_id: row.outcome for row in connection.execute(decided.order_by(col(Job.id)))}
    summed = select_columns(col(Job.link_id), *sums).where(of_these).group_by(col(Job.link_id))
    found = dict.fromkeys(link_ids, NOTHING_YET)
    for link_id, jobs, version, submitted_at, first_settled_at, with_customer in connection.execute(summed):
        outcome = outcomes.get(link_id)
        found[link_id] = Progress(jobs, version, submitted_at, first_settled_at, outcome, with_customer)
    return found


def open_link_of(session: Session, environment: str, code: str, now: datetime) -> Link:
    """The open link with this code. For all other codes the same query finds nothing, so that all take equally long."""
    statement = select(Link).where(Link.environment == environment, opens_with_code(code))
    link = session.exec(statement.where(Link.is_open(now))).first()
    if link is None:
        raise NotFound
    return link


def newest_start(
    session: Session, environment: str, code: str, browser_digest: str
) -> tuple[Link, LinkStart, Job] | None:
    """The last start of this browser on this link, whatever happened to the link since."""
    return session.exec(
        select(Link, LinkStart, Job)
        .join(LinkStart, col(LinkStart.link_id) == col(Link.id))
        .join(Job, col(Job.id) == col(LinkStart.job_id))
        .where(Link.environment == environment, has_known_code(code))
        .where(LinkStart.browser_digest == browser_digest)
        .order_by(col(LinkStart.id).desc())
        .limit(1)
    ).first()
