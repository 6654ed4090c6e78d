"""Owners who demote or disable each other in the same moment, as often as is wished."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from sqlmodel import Session, col, func, select

from dashboard.db import Database, utc_now
from dashboard.errors import DashboardError
from dashboard.permissions import Role
from dashboard.team.members import members
from dashboard.team.models import Member
from tests.factories.team import PASSWORD_HASH

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
        for owner in session.exec(select(Member).where(col(Member.id).in_(owners)).order_by(Member.id)).all():
            owner.role, owner.disabled_at = Role.OWNER, None


def count_owners(session: Session) -> int:
    active = select(func.count()).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None))
    return session.exec(active).one()


def collide(database: Database, pairs: int) -> tuple[Counter[str], Counter[int]]:
    """What came of each try, and how many owners were left after each pair of them."""
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
        for number in range(pairs):
            first, second = ((demote, disable), (demote, demote), (disable, disable))[number % 3]
            outcomes.update(pool.map(act, (first, second), owners, reversed(owners)))
            with database.reading() as session:
                left[count_owners(session)] += 1
            restore(database, owners)
    return outcomes, left
