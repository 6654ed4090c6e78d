"""Other jobs with the same user id, ID number or phone number: the newest few, and the filter that shows all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, literal, union_all
from sqlmodel import Session, col, select

from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.phones import phone_of_person
from dashboard.jobs.submitting.submission import id_number_of, person_of

MOST_SHOWN = 10
SAMENESS = {"user_id": col(Job.user_id), "number": col(Job.id_number_digest), "phone": col(Job.phone_digest)}
WORDS = {"user_id": "person", "number": "number", "phone": "phone number"}


@dataclass(frozen=True)
class RelatedJobs:
    """Jobs that have `by` in common with a job; `filter` shows all of them in the list."""

    by: str
    jobs: Sequence[Job]
    has_more: bool
    filter: JobFilter

    @property
    def words(self) -> str:
        return WORDS[self.by]


def related_jobs(session: Session, job: Job) -> list[RelatedJobs]:
    """The related jobs, found in one query by indexes; none for an erased job."""
    if job.erased_at:
        return []
    keyring = keyring_of(session)
    # One digest per key of the ring: other jobs may still have that of an older key.
    numbers = _digests(job.id_number_digest, lambda: keyring.digests_for_search(id_number_of(session, job)))
    phones = _digests(job.phone_digest, lambda: keyring.digests_for_search(phone_of_person(person_of(session, job))))
    filters = {
        "user_id": JobFilter(q=job.user_id),
        "number": JobFilter(number=".".join(numbers)),
        "phone": JobFilter(phone=".".join(phones)),
    }
    same_as = {"user_id": [job.user_id], "number": numbers, "phone": phones}
    kinds = tuple(by for by, values in same_as.items() if values)
    values = {by: same_as[by] for by in kinds} | {"environment": job.environment, "job_id": job.id}
    found = session.connection().execute(_same_as(kinds), values).all()
    ids = {row_id for _, row_id in found}
    jobs = {row.id: row for row in session.exec(select(Job).where(col(Job.id).in_(ids))).all()} if ids else {}
    related = []
    for by in kinds:
        same = sorted((jobs[row_id] for name, row_id in found if name == by), key=lambda row: row.id, reverse=True)
        if same:
            related.append(RelatedJobs(by, same[:MOST_SHOWN], len(same) > MOST_SHOWN, filters[by]))
    return related


@cache
def _same_as(kinds: Sequence[str]) -> CompoundSelect[Any]:
    """The newest other jobs that have the same, with what they have in common."""
    parts = [
        select(literal(by).label("by"), col(Job.id).label("id"))
        .where(Job.environment == bindparam("environment"), col(Job.id) != bindparam("job_id"))
        .where(SAMENESS[by].in_(bindparam(by, expanding=True)))
        .order_by(col(Job.id).desc())
        .limit(MOST_SHOWN + 1)
        .subquery()
        for by in kinds
    ]
    return union_all(*(select(part.c.by, part.c.id) for part in parts))


def _digests(stored: str | None, by_each_key: Callable[[], list[str]]) -> list[str]:
    if stored is None:
        return []
    try:
        return by_each_key()
    except UnreadableValue:
        return [stored]
