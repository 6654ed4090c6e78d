"""Jobs of before are counted again, since they are counted by more; other tables keep their counts."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.rollups.models import Rollup
from tests.factories.rollups import fold_all
from tests.unit.core.test_migration_rollups import JOB
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
GENERATION = "INSERT INTO rollup_generation VALUES (:number, :counted, 'UTC', :through, true, 0, :now)"
SUM = "INSERT INTO rollup VALUES (:number, :cube, 'sandbox', 0, '', '', '', '', '', '', '', '', '', '', 1)"


def test_jobs_are_counted_again_and_nothing_else_is(empty: Database):
    move(empty, command.upgrade, "0022")
    now = NOW.replace(tzinfo=None)
    with empty.engine.begin() as connection:
        connection.execute(text(JOB), {"id": new_id().hex, "name": "one", "now": now})
        for number, counted in enumerate(("job", "link"), 1):
            values = {"number": number, "counted": counted, "through": new_id().hex, "now": now}
            connection.execute(text(GENERATION), values)
            connection.execute(text(SUM), {"number": number, "cube": f"{counted}.ever"})

    move(empty, command.upgrade, "0023")

    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT counted FROM rollup_generation")).scalars().all() == ["link"]
        assert connection.execute(text("SELECT cube FROM rollup")).scalars().all() == ["link.ever"]
    migrations.upgrade(empty)
    fold_all(empty, NOW)
    with empty.reading() as session:
        sums = session.exec(select(Rollup.maker, Rollup.total).where(Rollup.cube == "job.ever_by_maker")).all()
    assert sums == [("ben@example.com", 1)]
