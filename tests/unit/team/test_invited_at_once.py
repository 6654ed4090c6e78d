"""One open invitation for an address: also when two owners invite it in the same moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlmodel import Session, col, func, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.errors import Invalid
from dashboard.permissions import Role
from dashboard.team.members.invitations import INVITED_ALREADY, invite
from dashboard.team.one_time import Invitation
from tests.unit.team.mutual import make_owners

pytestmark = pytest.mark.both_engines
ROUNDS = 20


def count_open(session: Session, email: str) -> int:
    is_open = col(Invitation.used_at).is_(None), col(Invitation.withdrawn_at).is_(None)
    return session.exec(select(func.count()).where(Invitation.email == email, *is_open)).one()


def test_of_two_owners_who_invite_one_address_at_once_one_does(in_app: Flask, database: Database, session: Session):
    owners, barrier = make_owners(database, 2), Barrier(2)

    def act(owner: UUID, email: str) -> str:
        barrier.wait(60)
        try:
            with database.transaction() as writing:
                invite(writing, email, Role.VIEWER, owner, utc_now())
        except Invalid as error:
            return error.fields["email"]
        return "invited"

    told: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for each in range(ROUNDS):
            told.update(pool.map(act, owners, [f"eve{each}@example.com"] * 2))

    assert told == {"invited": ROUNDS, INVITED_ALREADY: ROUNDS}
    assert {count_open(session, f"eve{each}@example.com") for each in range(ROUNDS)} == {1}


def test_what_was_not_accepted_in_time_gives_way_to_a_new_one(in_app: Flask, database: Database, session: Session):
    (owner,), now = make_owners(database, 1), utc_now()
    with database.transaction() as writing:
        first, _ = invite(writing, "eve@example.com", Role.VIEWER, owner, now)
        invite(writing, "finn@example.com", Role.VIEWER, owner, now)

    with database.transaction() as writing:
        second, _ = invite(writing, "eve@example.com", Role.OPERATOR, owner, now + timedelta(hours=73))

    withdrawn = session.exec(select(Invitation.id).where(col(Invitation.withdrawn_at).is_not(None))).all()
    lines = session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert withdrawn == [first.id]
    assert count_open(session, "eve@example.com") == 1
    assert session.get_one(Invitation, second.id).role == Role.OPERATOR
    assert lines[-2:] == ["invitation.withdrawn", "invitation.created"]
