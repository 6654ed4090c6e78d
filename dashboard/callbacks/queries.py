"""Reads for the list and the page of one callback. Bodies are left out of lists: one may be megabytes."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from dashboard.callbacks.models import Callback, Verdict
from dashboard.errors import NotFound
from dashboard.jobs.models import Result
from dashboard.web.pagination import COUNT_CAP, PAGE_SIZE, Page

# SQLModel types a column as its value.
WITHOUT_BODY = defer(Callback.body_sealed, raiseload=True)  # type: ignore[arg-type]
JOB_ID_PREFIX = "test-callback-"  # What a test of ours names as its job.
NO_JOB = "none"  # The value of the `job` filter that finds orphans.


@dataclass(frozen=True)
class Filters:
    verdict: Verdict | None = None
    q: str = ""
    job: str = ""  # our id, Smile's name for it, or NO_JOB

    @property
    def are_set(self) -> bool:
        return bool(self.verdict or self.q or self.job)


def list_callbacks(session: Session, environment: str, filters: Filters, after: UUID | None) -> Page[Callback]:
    conditions = _conditions(environment, filters)
    page = select(Callback).where(*conditions).options(WITHOUT_BODY)
    if after:
        page = page.where(col(Callback.id) < after)
    rows = session.exec(page.order_by(col(Callback.id).desc()).limit(PAGE_SIZE + 1)).all()
    counted = select(Callback.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    count = session.exec(select(func.count()).select_from(counted)).one()
    has_more = len(rows) > PAGE_SIZE
    return Page(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if has_more else None, count)


def version_of_list(session: Session, environment: str, filters: Filters) -> int:
    """Changes whenever the first page would look different, and costs far less than that page."""
    newest = select(Callback.id, Callback.times_seen).where(*_conditions(environment, filters))
    rows = session.exec(newest.order_by(col(Callback.id).desc()).limit(PAGE_SIZE + 1)).all()
    return zlib.crc32(repr([(str(callback_id), times_seen) for callback_id, times_seen in rows]).encode())


def find_callback(session: Session, environment: str, callback_id: UUID) -> Callback:
    callback = session.get(Callback, callback_id)
    if callback is None or callback.environment != environment:
        raise NotFound("There is no such callback, or it was refused and has made room for newer ones.")
    return callback


def find_last_callback(session: Session, environment: str) -> Callback | None:
    """A test that came too late to be taken back does not count."""
    is_real = ~col(Callback.claimed_job_id).startswith(JOB_ID_PREFIX)
    newest = select(Callback).where(Callback.environment == environment, is_real).order_by(col(Callback.id).desc())
    return session.exec(newest.options(WITHOUT_BODY).limit(1)).first()


def find_confirmation(session: Session, callback: Callback) -> Result | None:
    """The first answer of Smile to our own request after it: only that decides."""
    if callback.job_id is None:
        return None
    return session.exec(
        select(Result)
        .where(Result.job_id == callback.job_id, col(Result.is_confirmed))
        .where(Result.received_at >= callback.received_at)
        .order_by(col(Result.received_at))
        .limit(1)
    ).first()


def _conditions(environment: str, filters: Filters) -> Iterable[ColumnElement[bool] | bool]:
    conditions: list[Any] = [Callback.environment == environment]
    if filters.verdict:
        conditions.append(Callback.verdict == filters.verdict)
    if filters.job == NO_JOB:
        conditions.append(col(Callback.job_id).is_(None))
    elif filters.job:
        row_id = _as_uuid(filters.job)
        conditions.append(Callback.job_id == row_id if row_id else Callback.claimed_job_id == filters.job)
    if filters.q:
        conditions.append(_matches(filters.q))
    return conditions


def _matches(q: str) -> ColumnElement[bool]:
    row_id = _as_uuid(q)
    found = [col(Callback.search_text).contains(q.lower(), autoescape=True)]
    if row_id:
        found += [col(Callback.id) == row_id, col(Callback.job_id) == row_id]
    if len(q) == 64:
        found.append(col(Callback.body_sha256) == q.lower())
    return or_(*found)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
