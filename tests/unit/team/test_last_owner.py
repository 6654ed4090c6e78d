"""The last owner stays, and so does the word of owners only: also when two act in the same moment."""

import pytest
from flask import Flask
from sqlmodel import Session

from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, NotAllowed
from dashboard.permissions import Role
from dashboard.team.members import members
from dashboard.team.members.invitations import invite
from dashboard.team.models import Member
from tests.factories.team import make_member
from tests.unit.team.mutual import Act, collide, count_owners, demote, disable, make_owners

pytestmark = pytest.mark.both_engines

PAIRS = 100


def test_of_two_owners_who_act_on_each_other_at_once_one_stays(in_app: Flask, database: Database):
    outcomes, left = collide(database, PAIRS)

    print(f"{PAIRS} pairs at once: {dict(outcomes)}; owners left: {dict(left)}")
    assert outcomes == {"done": PAIRS, "NotAllowed": PAIRS}
    assert left == {1: PAIRS}


@pytest.mark.parametrize("what", [demote, disable])
def test_who_was_an_owner_a_moment_ago_changes_nobody(in_app: Flask, database: Database, session: Session, what: Act):
    first, second, third = make_owners(database, 3)
    with database.transaction() as writing:
        demote(writing, second, first)

    with pytest.raises(NotAllowed), database.transaction() as writing:
        what(writing, third, second)

    assert count_owners(session) == 2


def test_who_was_an_owner_a_moment_ago_invites_nobody(in_app: Flask, database: Database):
    first, second = make_owners(database, 2)
    with database.transaction() as writing:
        demote(writing, second, first)

    with pytest.raises(NotAllowed), database.transaction() as writing:
        invite(writing, "eve@example.com", Role.OWNER, second, utc_now())


def test_the_command_line_cannot_take_the_last_owner_either(in_app: Flask, database: Database, session: Session):
    (owner,) = make_owners(database, 1)
    make_member(database, "ben")

    with pytest.raises(Conflict), database.transaction() as writing:
        members.disable_member(writing, writing.get_one(Member, owner), utc_now())

    assert count_owners(session) == 1
