"""Fills the search columns of older rows, a few per transaction, so that an interrupted run loses nothing."""

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.context import transaction
from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.health_checks import CheckContext, Finding, ok, unknown
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.submission import id_number_of
from dashboard.smile.typed import fold
from dashboard.web.lists.pagination import COUNT_CAP

BATCH = 200

log = structlog.get_logger(__name__)


def fill_until_done(fill: Callable[[Session, int], int]) -> None:
    """Calls `fill(session, limit)`, which returns how many rows it filled, until none are left."""
    while True:
        with transaction() as session:
            if fill(session, BATCH) < BATCH:
                return


def fill_jobs(session: Session, limit: int) -> int:
    unfilled = select(Job).where(col(Job.user_id_folded).is_(None)).order_by(col(Job.id)).limit(limit)
    jobs = session.exec(unfilled.with_for_update(skip_locked=True)).all()
    for job in jobs:
        fold_ids(job, "user_id", "job_id", "smile_job_id", "customer_reference")
        _digest_again(session, job)
    return len(jobs)


def fold_ids(row: Any, *names: str) -> None:
    for name in names:
        value = getattr(row, name)
        setattr(row, f"{name}_folded", None if value is None else fold(value))


def _digest_again(session: Session, job: Job) -> None:
    """Replaces the digest: the older one was of the number as it was typed."""
    try:
        number = id_number_of(session, job)
    except UnreadableValue:  # Its key is gone; the job is still found by its ids.
        log.warning("number_not_digested", job=str(job.id))
        return
    if number:
        job.id_number_digest = keyring_of(session).digest_of_number(number)


def count_unfilled_jobs(session: Session) -> int:
    """How many jobs are left, at most one more than the cap."""
    few = select(Job.id).where(col(Job.user_id_folded).is_(None)).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def search_index_finding(count: int, what: str) -> Finding:
    if not count:
        return ok(f"All {what} are found, however a search is typed.")
    number = f"More than {COUNT_CAP:,}" if count > COUNT_CAP else f"{count:,}"
    sentence = f"{number} {what} from before the last upgrade are still found only as they were originally written."
    return unknown(sentence, "The worker indexes them. Let it run.")


def check_job_search_index(context: CheckContext) -> Finding:
    return search_index_finding(count_unfilled_jobs(context.session), "jobs")
