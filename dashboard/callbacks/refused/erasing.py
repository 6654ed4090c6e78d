"""Erasing what the list of refused deliveries holds: whole rows, since there is no decision to keep."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, delete, or_

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.jobs.models import Job


def forget_deliveries(session: Session, ids: Sequence[UUID]) -> None:
    session.exec(delete(RefusedDelivery).where(col(RefusedDelivery.id).in_(ids)))


def forget_deliveries_of(session: Session, jobs: Sequence[Job]) -> None:
    """Those that belong to a person's jobs, or that name one of them or the person."""
    if not jobs:
        return
    words = {job.job_id for job in jobs} | {job.user_id for job in jobs}
    is_of_job = col(RefusedDelivery.job_id).in_([job.id for job in jobs])
    # No index has what a body claims: the table holds 1,000 rows at most.
    session.exec(delete(RefusedDelivery).where(or_(is_of_job, col(RefusedDelivery.claimed_job_id).in_(words))))
