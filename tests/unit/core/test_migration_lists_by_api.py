"""Jobs are counted again, by API and day too; other tables keep their counts."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database
from dashboard.rollups.models import Rollup
from tests.factories.rollups import fold_all
from tests.unit.core.test_migration_api_of_jobs import add_row
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
BEFORE = "0028"


def test_jobs_are_counted_again_and_nothing_else_is(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    add_row(empty, "job-1")
    fold_all(empty, NOW)
    with empty.engine.begin() as connection:
        connection.execute(text("DELETE FROM rollup WHERE cube = 'job.day_api'"))  # The cube was not there before.

    migrations.upgrade(empty)

    with empty.engine.connect() as connection:
        counted = connection.execute(text("SELECT counted FROM rollup_generation ORDER BY counted")).scalars().all()
        assert counted == ["callback", "link"]
    fold_all(empty, NOW)
    with empty.reading() as session:
        sums = session.exec(select(Rollup.api, Rollup.total).where(Rollup.cube == "job.day_api")).all()
    assert sums == [("v1", 1)]


def test_it_goes_back_as_well(empty: Database) -> None:
    migrations.upgrade(empty)
    add_row(empty, "job-1")

    move(empty, command.downgrade, BEFORE)

    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT api FROM job")).scalars().all() == ["v1"]
