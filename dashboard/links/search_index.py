"""Fills the search columns of older links."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.health_checks import CheckContext, Finding
from dashboard.jobs.search_index import fold_ids, search_index_finding
from dashboard.links.models import Link
from dashboard.web.lists.pagination import COUNT_CAP


def fill_links(session: Session, limit: int) -> int:
    unfilled = select(Link).where(col(Link.customer_reference_folded).is_(None)).order_by(col(Link.id)).limit(limit)
    links = session.exec(unfilled.with_for_update(skip_locked=True)).all()
    for link in links:
        fold_ids(link, "customer_reference", "user_id")
    return len(links)


def count_unfilled_links(session: Session) -> int:
    """How many links are left, at most one more than the cap."""
    few = select(Link.id).where(col(Link.customer_reference_folded).is_(None)).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def check_link_search_index(context: CheckContext) -> Finding:
    return search_index_finding(count_unfilled_links(context.session), "links")
