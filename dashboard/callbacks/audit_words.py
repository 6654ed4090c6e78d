"""The words of audit trail lines about callbacks, and the lookup of a job's callbacks."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.audit.wording import AuditWords, LinkedName
from dashboard.callbacks.models import Callback

MOST_OF_A_JOB = 100
SENTENCES = {
    "callback.verified_again": "verified {subject} again",
    "callback.processed_again": "processed {subject} again",
    "callback.asked_smile": "asked Smile about the job of {subject}",
    "callback.revealed": "revealed the personal data of {subject}",
    "callback.compared": "compared {subject} with another callback, with the personal data shown",
    "callback.image_viewed": "looked at an image in {subject}",
    "callback.downloaded": "downloaded {subject} exactly as received",
}
LOOKS = frozenset({"callback.revealed", "callback.compared", "callback.image_viewed", "callback.downloaded"})


def find_callbacks(session: Session, environment: str, ids: Sequence[UUID]) -> Mapping[UUID, LinkedName]:
    columns = select(Callback.id, Callback.claimed_job_id)
    rows = session.exec(columns.where(Callback.environment == environment, col(Callback.id).in_(ids))).all()
    return {row_id: LinkedName(f"the callback for {job or 'no job'}", f"/callbacks/{row_id}") for row_id, job in rows}


def callbacks_of_job(session: Session, job_id: UUID) -> Sequence[UUID]:
    newest = select(Callback.id).where(Callback.job_id == job_id).order_by(col(Callback.id).desc())
    return session.exec(newest.limit(MOST_OF_A_JOB)).all()


WORDS = AuditWords(
    noun="callback",
    called="callback",
    sentences=SENTENCES,
    looks=LOOKS,
    find=find_callbacks,
    belonging={"job": callbacks_of_job},
)
RUN_WORDS = AuditWords(noun="processing run", sentences={"callback.run_started": "had many callbacks processed again"})
REFUSED_WORDS = AuditWords(
    noun="refused deliveries",
    called="the list of refused deliveries",
    sentences={"callback.refused_exported": "exported {subject}"},
    address="/callbacks/refused",
)
