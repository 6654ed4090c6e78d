"""Upwards from 0018 with a member in it, who has chosen nothing yet; and back."""

from alembic import command
from sqlalchemy import text
from sqlmodel import select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.team.models import Member
from tests.unit.core.test_migration_searched_ids import NOW
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
BEN = {"email": "ben@kora.example", "name": "Ben", "role": "operator", "password_hash": "-", "created_at": NOW}


def test_members_of_before_have_chosen_nothing(empty: Database):  # the fixture
    move(empty, command.upgrade, "0018")
    insert(empty, "member", id=new_id().hex, **BEN, language="en", time_zone="Africa/Lagos")

    migrations.upgrade(empty)

    with empty.reading() as session:
        member = session.exec(select(Member)).one()
    assert (member.name, member.time_zone, member.preferences) == ("Ben", "Africa/Lagos", None)

    move(empty, command.downgrade, "0018")

    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT name, time_zone FROM member")).one() == ("Ben", "Africa/Lagos")
