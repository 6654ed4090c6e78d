"""Rows of before there were rollups: their warnings are put in one column, and every change from then on is noted."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.jobs.models import Job, JobState
from dashboard.rollups.models import RollupDelta
from tests.factories.rollups import fold_all
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

BEFORE = "0021"
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
JOB = (
    "INSERT INTO job (id, environment, product, job_type, user_id, job_id, customer_reference, state, partner_params,"
    " created_by, created_at, changed_at, version, step, attempts, checks, erased, warning_count) VALUES"
    " (:id, 'sandbox', 'enhanced_kyc', 5, '', :name, '', 'done', '{}', 'ben@example.com', :now, :now, 1, 'sent', 0, 0,"
    " '[]', 2)"
)
WARNING = (
    "INSERT INTO job_warning (id, environment, job_id, kind, facts, is_confirmed, source, first_seen_at) VALUES"
    " (:id, 'sandbox', :job, :kind, '{}', :confirmed, 'callback', :now)"
)


def test_jobs_of_before_keep_the_kinds_of_their_warnings(empty: Database):
    move(empty, command.upgrade, BEFORE)
    warned, other = new_id(), new_id()
    now = NOW.replace(tzinfo=None)
    with empty.engine.begin() as connection:
        for row_id in (warned, other):
            connection.execute(text(JOB), {"id": row_id.hex, "name": row_id.hex, "now": now})
        for kind, confirmed in (("suspects", True), ("deceased", False), ("deceased", True)):
            values = {"id": new_id().hex, "job": warned.hex, "kind": kind, "confirmed": confirmed, "now": now}
            connection.execute(text(WARNING), values)

    migrations.upgrade(empty)

    with empty.reading() as session:
        assert session.get_one(Job, warned).warning_kinds == "deceased suspects"
        assert session.get_one(Job, other).warning_kinds == ""
        assert session.exec(select(RollupDelta)).all() == []
    fold_all(empty, NOW)
    with empty.transaction() as session:
        session.get_one(Job, warned).state = JobState.FAILED
    with empty.reading() as session:
        noted = session.exec(select(RollupDelta).order_by(RollupDelta.change)).all()
    assert [(each.change, each.state, each.warnings) for each in noted] == [
        (-1, "done", "deceased suspects"),
        (1, "failed", "deceased suspects"),
    ]


def test_after_going_back_jobs_are_changed_as_before(empty: Database):
    migrations.upgrade(empty)

    move(empty, command.downgrade, BEFORE)

    with empty.engine.begin() as connection:
        connection.execute(text(JOB), {"id": new_id().hex, "name": "job-a", "now": NOW.replace(tzinfo=None)})
        connection.execute(text("UPDATE job SET state = 'failed'"))
        connection.execute(text("DELETE FROM job"))
    migrations.upgrade(empty)
    assert migrations.is_current(empty)
