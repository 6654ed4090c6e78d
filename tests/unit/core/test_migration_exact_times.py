"""Links of before are found by their makers, and a member may ask for exact times; and back."""

from datetime import UTC, timedelta

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.links.filters import LinkFilter
from dashboard.reports.models import ExactTime
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.team import make_member
from tests.unit.core.test_migration_reminders import LINK
from tests.unit.core.test_migration_searched_ids import NOW
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

pytestmark = pytest.mark.both_engines
__all__ = ["empty"]  # a fixture

BEFORE = "0025"


def test_links_of_before_are_found_by_their_makers_and_times_are_asked_for(empty: Database) -> None:
    link_id, now = new_id(), NOW.replace(tzinfo=UTC)
    move(empty, command.upgrade, BEFORE)
    insert(empty, "link", id=link_id.hex, expires_at=NOW + timedelta(days=7), **LINK)

    migrations.upgrade(empty)

    with empty.reading() as session:
        found = page_of(Scope(session, "sandbox", now), LinkFilter(maker=LINK["created_by"]))
        assert [link.id for link in found.rows] == [link_id]
    ben = make_member(empty, "ben")
    with empty.transaction() as session:
        asked = {"environment": "sandbox", "question": "1-2", "asked_by": ben.id, "asked_at": now}
        session.add(ExactTime(**asked, half_ms=2**40))
    with empty.reading() as session:
        assert session.exec(select(ExactTime)).one().half_ms == 2**40

    move(empty, command.downgrade, BEFORE)

    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT created_by FROM link")).scalar_one() == LINK["created_by"]
        assert "exact_time" not in inspect(connection).get_table_names()
