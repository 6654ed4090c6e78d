"""The wording of audit lines about links and web tokens, and how their links are found."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from dashboard.audit.wording import AuditWords, LinkedName
from dashboard.jobs.models import Job
from dashboard.jobs.searches import equals_folded
from dashboard.links.models import Link

MOST_FOUND = 100
SENTENCES = {
    "link.created": "created {subject}",
    "link.made_at_smile": "had Smile make {subject}",
    "link.started": "pressed Start on {subject}",
    "link.paused": "paused {subject}",
    "link.resumed": "resumed {subject}",
    "link.extended": "extended {subject}",
    "link.code_renewed": "replaced the address of {subject}",
    "link.reminded": "reminded the customer of {subject}",
    "link.mailed": "e-mailed {subject}",
    "link.revoked": "revoked {subject} for good",
    "link.revealed": "revealed the details filled in on {subject}",
}
LOOKS = frozenset({"link.revealed"})


def find_links(session: Session, environment: str, ids: Sequence[UUID]) -> Mapping[UUID, LinkedName]:
    columns = select(Link.id, Link.customer_reference)
    rows = session.exec(columns.where(Link.environment == environment, col(Link.id).in_(ids))).all()
    return {
        row_id: LinkedName(f"the link for {reference}" if reference else f"link {str(row_id)[:8]}…", f"/links/{row_id}")
        for row_id, reference in rows
    }


def search_links(session: Session, environment: str, typed: str) -> Sequence[UUID]:
    is_it = or_(col(Link.customer_reference) == typed, equals_folded(Link.customer_reference_folded, typed))
    goes_by = select(Link.id).where(Link.environment == environment, is_it)
    return session.exec(goes_by.order_by(col(Link.id).desc()).limit(MOST_FOUND)).all()


def link_of_job(session: Session, job_id: UUID) -> Sequence[UUID]:
    return [link_id for link_id in session.exec(select(Job.link_id).where(Job.id == job_id)).all() if link_id]


WORDS = AuditWords(
    noun="link",
    called="link",
    sentences=SENTENCES,
    looks=LOOKS,
    find=find_links,
    search=search_links,
    belonging={"job": link_of_job},
)
TOKEN_WORDS = AuditWords(noun="token", called="web token", sentences={"token.issued": "issued {subject}"})
