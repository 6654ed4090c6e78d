"""Lines and jobs of before stay as they are when indexes come and go."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import inspect, text

from dashboard import migrations
from dashboard.db import Database, new_id
from tests.unit.core.test_migration_rollups import JOB
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # the fixture

BEFORE = "0025"
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC).replace(tzinfo=None)
LINE = """
INSERT INTO audit_entry (sequence, at, who, member_id, action, subject, details, from_address, previous_hash, hash)
VALUES (1, :now, 'ada@example.com', :member_id, 'job.created', 'job 1', '{}', '', '0', '1')
"""


def indexes_of(database: Database) -> set[str | None]:
    inspector = inspect(database.engine)
    return {index["name"] for table in ("audit_entry", "job", "sign_in") for index in inspector.get_indexes(table)}


def test_rows_stay_and_it_goes_back_as_well(empty: Database) -> None:
    move(empty, command.upgrade, BEFORE)
    job_id, member_id, before = new_id(), new_id(), indexes_of(empty)
    with empty.engine.begin() as connection:
        insert = JOB.replace("warning_count)", "warning_count, warning_kinds)").replace("2)", "2, '')")
        connection.execute(text(insert), {"id": job_id.hex, "name": "job-1", "now": NOW})
        connection.execute(text(LINE), {"now": NOW, "member_id": member_id.hex})

    migrations.upgrade(empty)

    gone = {"ix_audit_entry_member_id", "ix_job_environment_changed_at", "ix_sign_in_member_id"}
    assert before - indexes_of(empty) >= gone
    assert indexes_of(empty) >= {"ix_audit_entry_who_action_sequence", "ix_sign_in_member_id_seen_at"}
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM job WHERE job_id = 'job-1'")).scalar_one() == 1
        assert connection.execute(text("SELECT who FROM audit_entry")).scalars().all() == ["ada@example.com"]
    move(empty, command.downgrade, BEFORE)
    assert indexes_of(empty) == before
