"""Upwards from 0026 with jobs in it, which are bound to nothing and are counted as before; and back."""

from alembic import command
from sqlalchemy import inspect
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, Outcome
from dashboard.jobs.needs import NEEDS
from dashboard.rollups.models import RollupDelta
from tests.unit.core.test_migration_api_of_jobs import add_row
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # the fixture

BEFORE = "0026"


def test_jobs_of_before_have_no_candidates_and_are_still_counted(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    add_row(empty, "job-1")

    migrations.upgrade(empty)

    with empty.transaction() as session:
        job = session.exec(select(Job)).one()
        assert (job.sending_at, job.candidates) == (None, [])
        job.outcome = Outcome.ATTENTION
    with empty.reading() as session:
        noted = session.exec(select(RollupDelta.outcome).where(RollupDelta.change == 1)).all()
        assert "attention" in noted
        assert session.exec(select(Job).where(NEEDS["attention"].condition(utc_now()))).all()


def test_it_goes_back_as_well(empty: Database) -> None:
    migrations.upgrade(empty)
    add_row(empty, "job-1")

    move(empty, command.downgrade, BEFORE)

    assert {"sending_at", "candidates"}.isdisjoint(each["name"] for each in inspect(empty.engine).get_columns("job"))
    assert "ix_job_needs_attention" not in {each["name"] for each in inspect(empty.engine).get_indexes("job")}
    migrations.upgrade(empty)
