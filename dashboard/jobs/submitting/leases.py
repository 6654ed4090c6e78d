"""Leases on jobs, so that one run at a time works on a job and a run that lost its lease saves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from dashboard.context import current, transaction
from dashboard.db import utc_now
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.link_progress import lock_link_of
from dashboard.worker.heartbeat import keep_renewed


class LeaseLost(Exception):
    """Another run took over the job because this one was silent for too long; it must not touch the row any more."""


@dataclass(frozen=True)
class Lease:
    job_id: UUID
    token: str

    @contextmanager
    def saving(self, *, even_if_lost: bool = False) -> Iterator[tuple[Session, Job, datetime]]:
        """Opens one transaction on the leased job; make no network call inside it.

        `even_if_lost`: for an answer that no other run will get. The caller then checks what the row says by now.
        """
        with transaction() as session:
            lock_link_of(session, self.job_id)
            statement = select(Job).where(Job.id == self.job_id).with_for_update()
            if not even_if_lost:
                statement = statement.where(Job.lease == self.token)
            job = session.exec(statement).first()
            if job is None:
                raise LeaseLost
            yield session, job, utc_now()


@contextmanager
def leased(job_id: UUID) -> Iterator[Lease | None]:
    """Claims the job if it is due and free, else gives None; always releases it at the end."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the heartbeat's thread needs the app itself
    seconds = current().settings.lease
    lease = Lease(job_id, token_hex(8))
    with transaction() as session:
        is_mine = _claim(session, lease, seconds)
    if not is_mine:
        yield None
        return
    freed: dict[str, Any] = {"lease": None, "lease_until": None}
    try:
        # A call to Smile may outlast the lease: without the heartbeat a second run would submit as well.
        with keep_renewed(app, seconds, partial(_renew, lease, seconds), job=str(job_id)):
            yield lease
    except BaseException:
        # Or every sweep would find a row that breaks its run: postponed, it waits as it would after a kill.
        freed["due_at"] = utc_now() + timedelta(seconds=seconds)
        raise
    finally:
        with transaction() as session:
            session.connection().execute(
                update(Job).where(col(Job.id) == job_id, col(Job.lease) == lease.token).values(**freed)
            )


def _claim(session: Session, lease: Lease, seconds: float) -> bool:
    now = utc_now()
    result = session.connection().execute(
        update(Job)
        .where(col(Job.id) == lease.job_id, col(Job.due_at) <= now)
        .where(or_(col(Job.lease_until).is_(None), col(Job.lease_until) <= now))
        .values(lease=lease.token, lease_until=now + timedelta(seconds=seconds))
    )
    return result.rowcount == 1


def _renew(lease: Lease, seconds: float) -> None:
    with transaction() as session:
        session.connection().execute(
            update(Job)
            .where(col(Job.id) == lease.job_id, col(Job.lease) == lease.token)
            .values(lease_until=utc_now() + timedelta(seconds=seconds))
        )
