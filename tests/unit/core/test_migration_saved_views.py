"""Jobs of before are counted again, since they are counted by more; other tables keep their counts."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.rollups.models import Rollup, RollupGeneration
from tests.factories.rollups import fold_all
from tests.unit.core.test_migration_rollups import JOB
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def test_jobs_are_counted_again_and_nothing_else_is(empty: Database):
    move(empty, command.upgrade, "0022")
    with empty.engine.begin() as connection:
        connection.execute(text(JOB), {"id": new_id().hex, "name": "one", "now": NOW.replace(tzinfo=None)})
    fold_all(empty, NOW)

    migrations.upgrade(empty)

    with empty.reading() as session:
        assert {each.counted for each in session.exec(select(RollupGeneration))} == {"link", "callback"}
        assert session.exec(select(Rollup)).all() == []
    fold_all(empty, NOW)
    with empty.reading() as session:
        sums = session.exec(select(Rollup.maker, Rollup.total).where(Rollup.cube == "job.ever_by_maker")).all()
    assert sums == [("ben@example.com", 1)]
