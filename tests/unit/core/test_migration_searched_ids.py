"""Upwards from 0010 with jobs and links in it: the rows stay, and are found as they are meant once they are filled."""

import json
from datetime import datetime

from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.jobs.models import Job
from dashboard.jobs.search_index import count_unfilled_jobs, fill_jobs
from dashboard.links.models import Link
from dashboard.links.search_index import count_unfilled_links, fill_links
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
NOW = datetime(2026, 11, 27, 9, 0)  # noqa: DTZ001  # as SQLite has it
JOB = {
    "environment": "sandbox",
    "product": "basic_kyc",
    "job_type": 5,
    "user_id": "User-1",
    "job_id": "FIND-ME",
    "smile_job_id": "0000000115",
    "customer_reference": "José",
    "state": "queued",
    "partner_params": "{}",
    "created_by": "ben@example.com",
    "created_at": NOW,
    "changed_at": NOW,
    "version": 1,
    "step": "created",
    "attempts": 0,
    "checks": 0,
    "erased": "[]",
}
LINK = {
    "environment": "sandbox",
    "kind": "hosted",
    "code_digest": "d",
    "choices": json.dumps([]),
    "customer_reference": "José",
    "user_id": "",
    "prefill_is_locked": False,
    "partner_params": "{}",
    "language": "",
    "return_url": "",
    "expires_at": NOW,
    "uses_allowed": 1,
    "uses_spent": 0,
    "created_by": "ben@example.com",
    "created_at": NOW,
    "changed_at": NOW,
    "version": 1,
}


def test_rows_of_before_stay_and_are_filled(empty: Database):  # the fixture
    move(empty, command.upgrade, "0013")
    with empty.engine.begin() as connection:
        for table, row in (("job", JOB), ("link", LINK)):
            values = row | {"id": new_id().hex}
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608  # ours

    migrations.upgrade(empty)

    with empty.reading() as session:
        assert (count_unfilled_jobs(session), count_unfilled_links(session)) == (1, 1)
    with empty.transaction() as session:
        assert (fill_jobs(session, 10), fill_links(session, 10)) == (1, 1)
    with empty.reading() as session:
        job, link = session.exec(select(Job)).one(), session.exec(select(Link)).one()
    assert (job.user_id, job.job_id, job.customer_reference) == ("User-1", "FIND-ME", "José")
    assert (job.user_id_folded, job.job_id_folded, job.smile_job_id_folded) == ("user1", "findme", "115")
    assert (job.customer_reference_folded, link.customer_reference_folded, link.user_id_folded) == ("jose", "jose", "")

    move(empty, command.downgrade, "0013")
    migrations.upgrade(empty)

    with empty.reading() as session:
        assert session.exec(select(Job)).one().job_id == "FIND-ME"
