"""Upwards with several open invitations of one address: the one that works longest stays, as the only one."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from dashboard import migrations
from dashboard.db import Database, new_id
from dashboard.team.email.outbox import OutgoingMail
from dashboard.team.one_time import Invitation
from tests.unit.core.test_migrations import empty, move

__all__ = ["empty"]  # a fixture
pytestmark = pytest.mark.both_engines
NOW = datetime(2026, 11, 27, 9, 0)  # noqa: DTZ001  # as SQLite has it
OWNER = new_id()
MEMBER = {
    "id": OWNER.hex,
    "email": "ada@example.com",
    "name": "Ada",
    "role": "owner",
    "password_hash": "-",
    "created_at": NOW,
}
BEFORE = "0014"


def add(database: Database, table: str, **row: object) -> None:
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    with database.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)  # noqa: S608  # ours


def add_invitation(database: Database, email: str, hours: int, **changes: object) -> UUID:
    """`hours`: how long it works, from then on."""
    invitation_id = new_id()
    times = {"created_at": NOW, "expires_at": NOW + timedelta(hours=hours), "used_at": None, "withdrawn_at": None}
    row = {"id": invitation_id.hex, "code_digest": invitation_id.hex, "email": email, "role": "viewer"}
    add(database, "invitation", **row, invited_by=OWNER.hex, **(times | changes))
    return invitation_id


def add_mail(database: Database, about: UUID) -> None:
    row = {"id": new_id().hex, "kind": "invitation", "about_id": about.hex, "content_sealed": b"sealed"}
    add(database, "outgoing_mail", **row, created_at=NOW, due_at=NOW, attempts=0, last_error="")


def test_the_open_invitation_that_works_longest_stays(empty: Database):  # the fixture
    move(empty, command.upgrade, BEFORE)
    add(empty, "member", **MEMBER)
    longest = add_invitation(empty, "eve@example.com", 72)
    shorter = add_invitation(empty, "eve@example.com", 48)
    expired = add_invitation(empty, "eve@example.com", -1)
    used = add_invitation(empty, "eve@example.com", 90, used_at=NOW)
    other = add_invitation(empty, "finn@example.com", 1)
    for each in (longest, shorter):
        add_mail(empty, each)

    move(empty, command.upgrade, "0016")

    with empty.reading() as session:
        withdrawn = session.exec(select(Invitation.id).where(col(Invitation.withdrawn_at).is_not(None))).all()
        waiting = session.exec(select(OutgoingMail.about_id).where(col(OutgoingMail.due_at).is_not(None))).all()
        kept = session.exec(select(Invitation.id)).all()
    assert set(withdrawn) == {shorter, expired}
    assert set(kept) == {longest, shorter, expired, used, other}
    assert waiting == [longest]
    with pytest.raises(IntegrityError):
        add_invitation(empty, "finn@example.com", 72)

    move(empty, command.downgrade, BEFORE)
    add_invitation(empty, "finn@example.com", 72)
    migrations.upgrade(empty)
