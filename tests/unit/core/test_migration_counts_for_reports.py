"""Rows of before there were sums for reports are counted again, with the code, the time and how far links came."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import col, select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.jobs.models import Job
from dashboard.links.models import Link
from dashboard.rollups.models import Rollup, RollupDelta, RollupGeneration
from tests.factories.rollups import fold_all
from tests.unit.core.test_migration_rollups import JOB
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

BEFORE = "0024"
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def test_rows_of_before_are_counted_again_and_changes_are_noted(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    row_id = new_id()
    with empty.engine.begin() as connection:
        insert = JOB.replace("warning_count)", "warning_count, warning_kinds)").replace("2)", "2, '')")
        connection.execute(text(insert), {"id": row_id.hex, "name": "job-1", "now": NOW.replace(tzinfo=None)})
        generation = "INSERT INTO rollup_generation VALUES (1, 'job', 'UTC', :through, true, 0, :now)"
        connection.execute(text(generation), {"through": row_id.hex, "now": NOW.replace(tzinfo=None)})

    migrations.upgrade(empty)

    with empty.reading() as session:
        assert session.exec(select(RollupGeneration)).all() == []
        assert session.exec(select(RollupDelta)).all() == []
    fold_all(empty, NOW)
    with empty.transaction() as session:
        job = session.get_one(Job, row_id)
        job.result_code, job.submitted_at, job.settled_at = "0810", NOW, NOW + timedelta(seconds=4, milliseconds=712)
        link = Link(environment="sandbox", code_digest="x", expires_at=NOW, created_by="ben@example.com",
                    created_at=NOW, changed_at=NOW)  # fmt: skip
        session.add(link)
        session.flush()
        link.started_at = NOW
    with empty.reading() as session:
        noted = session.exec(select(RollupDelta).order_by(RollupDelta.counted, col(RollupDelta.change))).all()
        took = session.exec(select(Rollup).where(Rollup.cube == "job.day_took")).one()
    of_job = [(each.change, each.code, each.took) for each in noted if each.counted == "job"]
    of_link = sorted((each.change, each.state) for each in noted if each.counted == "link")
    assert (took.took, took.total) == ("", 1)
    assert of_job == [(-1, "", ""), (1, "0810", "4400")]
    assert of_link == [(-1, "created"), (1, "created"), (1, "started")]


def test_it_goes_back_as_well(empty: Database) -> None:
    migrations.upgrade(empty)

    move(empty, command.downgrade, BEFORE)

    with empty.engine.begin() as connection:
        insert = JOB.replace("warning_count)", "warning_count, warning_kinds)").replace("2)", "2, '')")
        values = {"id": new_id().hex, "name": "job-1", "now": NOW.replace(tzinfo=None)}
        connection.execute(text(insert), values)
        assert connection.execute(text("SELECT state, maker FROM rollup_delta")).all() == [("done", "ben@example.com")]
