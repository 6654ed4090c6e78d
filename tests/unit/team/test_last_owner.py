"""The last owner stays, and so does the word of owners only: also when two act in the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlmodel import Session, col, func, select

from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, DashboardError, NotAllowed
from dashboard.team import members
from dashboard.team.models import Member
from dashboard.team.permissions import Role
from tests.factories.team import PASSWORD_HASH, make_member

PAIRS = 100
Act = Callable[[Session, UUID, UUID], None]


def demote(session: Session, member_id: UUID, by: UUID) -> None:
    members.change_role(session, member_id, Role.OPERATOR, utc_now(), by=by)


def disable(session: Session, member_id: UUID, by: UUID) -> None:
    members.disable_member(session, session.get_one(Member, member_id), utc_now(), by=by)


def make_owners(database: Database, count: int) -> list[UUID]:
    with database.transaction() as session:
        owners = [
            Member(
                email=f"owner{number}@example.com",
                name="Owner",
                role=Role.OWNER,
                password_hash=PASSWORD_HASH,
                created_at=utc_now(),
            )
            for number in range(count)
        ]
        session.add_all(owners)
        return [owner.id for owner in owners]


def restore(database: Database, owners: list[UUID]) -> None:
    with database.transaction() as session:
        for owner in session.exec(select(Member).where(col(Member.id).in_(owners))).all():
            owner.role, owner.disabled_at = Role.OWNER, None


def count_owners(session: Session) -> int:
    active = select(func.count()).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None))
    return session.exec(active).one()


def test_of_two_owners_who_act_on_each_other_at_once_one_stays(in_app: Flask, database: Database):
    owners = make_owners(database, 2)
    barrier = Barrier(2)

    def act(what: Act, on: UUID, by: UUID) -> str:
        barrier.wait()
        try:
            with database.transaction() as session:
                what(session, on, by)
        except DashboardError as error:
            return type(error).__name__
        return "done"

    outcomes: Counter[str] = Counter()
    left: Counter[int] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(PAIRS):
            first, second = ((demote, disable), (demote, demote), (disable, disable))[number % 3]
            outcomes.update(pool.map(act, (first, second), owners, reversed(owners)))
            with database.reading() as session:
                left[count_owners(session)] += 1
            restore(database, owners)

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


def test_the_command_line_cannot_take_the_last_owner_either(in_app: Flask, database: Database, session: Session):
    (owner,) = make_owners(database, 1)
    make_member(database, "ben")

    with pytest.raises(Conflict), database.transaction() as writing:
        members.disable_member(writing, writing.get_one(Member, owner), utc_now())

    assert count_owners(session) == 1
