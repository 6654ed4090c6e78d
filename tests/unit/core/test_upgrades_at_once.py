"""`dashboard db upgrade`, started several times at once: they wait for each other and all succeed."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dashboard import migrations
from dashboard.db import Database
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY
from tests.integration.prepared import start_command
from tests.unit.core.test_migrations import empty

__all__ = ["empty"]  # a fixture
pytestmark = pytest.mark.both_engines


def test_others_see_nothing_of_an_upgrade_before_all_of_it_is_done(empty: Database):  # the fixture
    """Else the next one in line would begin in the middle, and make the same tables once more."""
    other = empty.sibling(empty.engine.url.render_as_string(hide_password=False))
    seen: list[str | None] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "alembic_version" in statement:
            seen.append(migrations.present_revision(other))

    event.listen(empty.engine, "before_cursor_execute", look)
    migrations.upgrade(empty)

    assert len(seen) > 10
    assert set(seen) == {None}
    assert migrations.is_current(other)
    other.dispose()


def test_three_upgrades_at_once_all_succeed(empty: Database, tmp_path: Path):  # the fixture
    url = empty.engine.url.set(drivername="sqlite" if empty.is_sqlite else "postgresql")
    environment = {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "PUBLIC_URL": "http://localhost",
        "SMILE_SERVER": "http://127.0.0.1:9/v1",
        "SMILE_PARTNER_ID": "002",
        "SMILE_API_KEYS": "test-api-key-0001",
        "INSTANCE_DIR": str(tmp_path),
    }
    told = dict(os.environ) | {f"DASHBOARD_{name}": value for name, value in environment.items()}
    logs = [tmp_path / f"upgrade-{number}.log" for number in range(3)]
    running = [start_command(("db", "upgrade"), told, log) for log in logs]

    for process in running:
        process.join(120)

    ended = [(log.read_text(), process.exitcode) for log, process in zip(logs, running, strict=True)]
    assert ended == [("The database is up to date.\n", 0)] * 3
    assert migrations.is_current(empty)
