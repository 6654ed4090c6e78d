"""Upwards from 0019 with a link in it, whose code still opens it and which was was handed over once; and back."""

from datetime import UTC, timedelta

from alembic import command
from sqlalchemy import text

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.links.codes import digest_of_code
from dashboard.links.managing import add_code
from dashboard.links.messages import messages_of
from dashboard.links.models import Link
from dashboard.links.queries import open_link_of
from tests.unit.core.test_migration_searched_ids import NOW
from tests.unit.core.test_migration_users_in_warnings import insert
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
LINK = {
    "environment": "sandbox",
    "kind": "hosted",
    "code_digest": digest_of_code("code-of-before"),
    "product": "biometric_kyc",
    "choices": "[]",
    "customer_reference": "cust-1",
    "user_id": "",
    "prefill_is_locked": False,
    "partner_params": "{}",
    "language": "",
    "return_url": "",
    "uses_allowed": 1,
    "uses_spent": 0,
    "created_by": "ben@example.com",
    "created_at": NOW,
    "changed_at": NOW,
    "version": 1,
}


def test_a_link_of_before_is_opened_and_reminded_of(empty: Database):  # the fixture
    link_id, now = new_id(), NOW.replace(tzinfo=UTC)
    move(empty, command.upgrade, "0019")
    insert(empty, "link", id=link_id.hex, expires_at=NOW + timedelta(days=7), **LINK)

    migrations.upgrade(empty)

    with empty.transaction() as session:
        assert list(messages_of(session, link_id)) == []
        code = add_code(session, session.get_one(Link, link_id), None, now)
        opened = [open_link_of(session, "sandbox", each, now).id for each in ("code-of-before", code)]
    assert opened == [link_id, link_id]

    move(empty, command.downgrade, "0019")

    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT customer_reference FROM link")).scalar_one() == "cust-1"
