"""The wording of audit lines about jobs, and how their jobs are found."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from dashboard.audit.wording import AuditWords, LinkedName
from dashboard.jobs.models import Job
from dashboard.jobs.searches import equals_folded

MOST_FOUND = 100
SENTENCES = {
    "job.created": "created {subject}",
    "job.cancelled": "cancelled {subject}",
    "job.dealt_with": "marked {subject} as dealt with",
    "job.replayed": "asked Smile to send the webhook of {subject} again",
    "job.fraud_reported": "asked Smile to flag the customer of {subject} as fraudulent",
    "job.fraud_cleared": "asked Smile to take back the report of fraud about the customer of {subject}",
    "job.copied": "opened the data of {subject} to run it again",
    "job.revealed": "revealed the personal data of {subject}",
    "image.viewed": "viewed an image of {subject}",
}
EXPORT_SENTENCES = {"jobs.exported": "downloaded {subject}, with personal data masked"}
LOOKS = frozenset({"job.copied", "job.revealed", "image.viewed"})


def find_jobs(session: Session, environment: str, ids: Sequence[UUID]) -> Mapping[UUID, LinkedName]:
    columns = select(Job.id, Job.customer_reference, Job.job_id)
    rows = session.exec(columns.where(Job.environment == environment, col(Job.id).in_(ids))).all()
    return {row_id: LinkedName(f"job {reference or job_id}", f"/jobs/{row_id}") for row_id, reference, job_id in rows}


def search_jobs(session: Session, environment: str, typed: str) -> Sequence[UUID]:
    """Jobs by the customer's reference or any id, to show everything that was done with this customer."""
    written = (col(Job.customer_reference), col(Job.user_id), col(Job.job_id))
    folded = (Job.customer_reference_folded, Job.user_id_folded, Job.job_id_folded)
    goes_by = or_(*(column == typed for column in written), *(equals_folded(column, typed) for column in folded))
    newest = select(Job.id).where(Job.environment == environment, goes_by).order_by(col(Job.id).desc())
    return session.exec(newest.limit(MOST_FOUND)).all()


WORDS = AuditWords(noun="job", called="job", sentences=SENTENCES, looks=LOOKS, find=find_jobs, search=search_jobs)
LIST_WORDS = AuditWords(noun="jobs", called="the list of jobs", sentences=EXPORT_SENTENCES, address="/jobs")
