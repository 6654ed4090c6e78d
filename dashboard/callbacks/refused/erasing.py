"""Deletes refused deliveries: whole rows, since there is no decision to keep."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, or_, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.jobs.models import Job


def forget_deliveries(session: Session, ids: Sequence[UUID]) -> None:
    session.exec(delete(RefusedDelivery).where(col(RefusedDelivery.id).in_(ids)))


def forget_deliveries_of(session: Session, jobs: Sequence[Job]) -> None:
    """Deletes those that belong to a person's jobs, or that name one of them or the person."""
    if jobs:
        session.exec(delete(RefusedDelivery).where(_are_of(jobs)))


def lock_deliveries_of(session: Session, jobs: Sequence[Job]) -> None:
    if jobs:
        session.exec(
            select(RefusedDelivery.id).where(_are_of(jobs)).order_by(col(RefusedDelivery.id)).with_for_update()
        )


def _are_of(jobs: Sequence[Job]) -> ColumnElement[bool]:
    words = {job.job_id for job in jobs} | {job.user_id for job in jobs}
    is_of_job = col(RefusedDelivery.job_id).in_([job.id for job in jobs])
    # There is no index on the claimed id: the table has at most 1,000 rows.
    return or_(is_of_job, col(RefusedDelivery.claimed_job_id).in_(words))
