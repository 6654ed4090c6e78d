"""Jobs, links and tokens of before have v1, and jobs of v3 are counted apart from then on."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.jobs.models import Job
from dashboard.rollups.models import Rollup, RollupDelta
from dashboard.smile.constants import SmileApi
from tests.factories.rollups import fold_all
from tests.unit.core.test_migration_rollups import JOB
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

BEFORE = "0025"
NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
INSERT = JOB.replace("warning_count)", "warning_count, warning_kinds)").replace("2)", "2, '')")


def add_row(database: Database, name: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(INSERT), {"id": new_id().hex, "name": name, "now": NOW.replace(tzinfo=None)})


def test_rows_of_before_have_v1_and_changes_are_counted_by_api(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    add_row(empty, "job-1")

    migrations.upgrade(empty)
    fold_all(empty, NOW)

    with empty.transaction() as session:
        job = session.exec(select(Job)).one()
        assert job.api == SmileApi.V1
        sums = session.exec(select(Rollup.api).where(Rollup.cube == "job.ever_by_api")).all()
        assert sums == ["v1"]
        job.api = SmileApi.V3
    with empty.reading() as session:
        noted = session.exec(select(RollupDelta).order_by(col(RollupDelta.change))).all()
    assert [(each.change, each.api) for each in noted] == [(-1, "v1"), (1, "v3")]


def test_an_id_of_v3_belongs_to_one_job(empty: Database) -> None:
    migrations.upgrade(empty)
    for name in ("job-1", "job-2", "job-3", "job-4"):
        add_row(empty, name)
    with empty.transaction() as session:
        first, second, third, fourth = session.exec(select(Job).order_by(Job.job_id)).all()
        first.smile_job_id = second.smile_job_id = "0000000056"  # v1 may name one twice.
        third.api, third.smile_job_id = SmileApi.V3, "job_01"
        fourth.api = SmileApi.V3

    with pytest.raises(IntegrityError), empty.transaction() as session:
        session.exec(select(Job).where(Job.job_id == "job-4")).one().smile_job_id = "job_01"


def test_it_goes_back_as_well(empty: Database) -> None:
    migrations.upgrade(empty)

    move(empty, command.downgrade, BEFORE)

    add_row(empty, "job-1")
    with empty.engine.begin() as connection:
        assert connection.execute(text("SELECT api, state FROM rollup_delta")).all() == [("v1", "done")]
