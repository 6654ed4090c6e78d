"""Reports of fraud have a table beside the jobs of before, and it goes away again."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database
from dashboard.jobs.models import Job
from dashboard.jobs.smile_actions.models import FraudReport
from tests.unit.core.test_migration_api_of_jobs import add_row
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

BEFORE = "0027"
NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


def test_a_job_of_before_can_be_reported(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    add_row(empty, "job-1")

    migrations.upgrade(empty)

    with empty.transaction() as session:
        job = session.exec(select(Job)).one()
        values = {"environment": job.environment, "job_id": job.id, "user_id": job.user_id, "reason": "OTHER"}
        session.add(FraudReport(**values, is_fraud=True, notes_sealed=b"x", reported_by="ben", reported_at=NOW))
    with empty.reading() as session:
        stored = session.exec(select(FraudReport)).one()
        assert (stored.job_id, stored.reported_at, stored.accepted_at) == (job.id, NOW, None)


def test_it_goes_back_as_well(empty: Database) -> None:
    migrations.upgrade(empty)

    move(empty, command.downgrade, BEFORE)

    assert "fraud_report" not in inspect(empty.engine).get_table_names()
