"""Counted rows at any time, and steps of folding that are killed half-way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from secrets import randbits
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event

from dashboard.callbacks.counted import COUNTED as CALLBACKS
from dashboard.callbacks.models import Callback, Verdict
from dashboard.db import Database, first_id_of
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.products import Product
from dashboard.links.counted import COUNTED as LINKS
from dashboard.links.models import Link
from dashboard.rollups.counted import CountedTable
from dashboard.rollups.folding import ensure_count, fold_step

TABLES = (JOBS, LINKS, CALLBACKS)


class Killed(Exception):
    """Stands for a worker that dies at this statement."""


def id_at(moment: datetime) -> UUID:
    """An id of that moment, like no other."""
    return UUID(int=first_id_of(moment).int | (7 << 76) | (2 << 62) | randbits(62))


def job_at(moment: datetime, /, **row: Any) -> Job:
    row_id = id_at(moment)
    facts = {
        "environment": "sandbox",
        "product": Product.BIOMETRIC_KYC,
        "job_type": 1,
        "user_id": f"user-{row_id.hex}",
        "job_id": f"job-{row_id.hex}",
        "state": JobState.QUEUED,
        "created_by": "ben@example.com",
        "created_at": moment,
        "changed_at": moment,
    }
    return Job(id=row_id, **(facts | row))


def link_at(moment: datetime, /, **row: Any) -> Link:
    row_id = id_at(moment)
    facts = {
        "environment": "sandbox",
        "code_digest": row_id.hex,
        "product": Product.DOCUMENT_VERIFICATION,
        "expires_at": moment,
        "created_by": "ben@example.com",
        "created_at": moment,
        "changed_at": moment,
    }
    return Link(id=row_id, **(facts | row))


def callback_at(moment: datetime, /, **row: Any) -> Callback:
    row_id = id_at(moment)
    facts = {
        "environment": "sandbox",
        "received_at": moment,
        "last_seen_at": moment,
        "body_size": 2,
        "body_sha256": row_id.hex,
        "verdict": Verdict.VALID,
        "reason": "",
        "body_sealed": b"",
    }
    return Callback(id=row_id, **(facts | row))


def add(database: Database, *rows: Any) -> None:
    """Adds many rows quickly."""
    with database.transaction() as session:
        for table in {type(row).__table__: None for row in rows}:
            column_names = [column.name for column in table.columns]
            values = [
                {name: getattr(row, name) for name in column_names} for row in rows if type(row).__table__ is table
            ]
            session.connection().execute(table.insert(), values)


def fold_all(database: Database, now: datetime, zone: str = "UTC", *tables: CountedTable) -> None:
    """Until everything is counted and folded."""
    for counted in tables or TABLES:
        with database.transaction() as session:
            ensure_count(session, counted, zone, now)
        is_more = True
        while is_more:
            with database.transaction() as session:
                is_more = fold_step(session, counted, now).is_more


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """Raises Killed at the statement after so many."""
    left = statements

    def count_down(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count_down)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count_down)
