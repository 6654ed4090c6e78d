"""Lists the browsers that a member is signed in with, and ends their sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.audit.trail import record
from dashboard.errors import Conflict, NotFound
from dashboard.team.login.sign_ins import LIFETIME, UNSEEN_FOR
from dashboard.team.models import Member, SignIn


def list_sign_ins(session: Session, member: Member, now: datetime) -> Sequence[SignIn]:
    """The sign-ins that still work, the one seen last first."""
    return session.exec(_live(member, now).order_by(col(SignIn.seen_at).desc())).all()


def end_one(session: Session, member: Member, sign_in_id: UUID, now: datetime, *, asking: UUID) -> None:
    """Ends one sign-in. `asking` is the current browser's own.

    Raises NotFound for another member's sign-in as for one that does not exist.
    """
    found = session.exec(_live(member, now).where(SignIn.id == sign_in_id)).first()
    if found is None:
        raise NotFound("This sign-in has ended already.")
    if found.id == asking:
        raise Conflict("This is the browser that you are using. Sign out instead.")
    found.ended_at = now
    session.flush()
    record(session, "sign_in.ended", f"member {member.id}", now)


def end_others(session: Session, member: Member, now: datetime, *, asking: UUID) -> int:
    """Ends all sign-ins except the current browser's, and returns how many."""
    result = session.connection().execute(
        update(SignIn)
        .where(
            col(SignIn.member_id) == member.id,
            col(SignIn.ended_at).is_(None),
            col(SignIn.id) != asking,
        )
        .values(ended_at=now)
    )
    if result.rowcount:
        details = {"count": str(result.rowcount)}
        record(session, "sign_in.others_ended", f"member {member.id}", now, details=details)
    return result.rowcount


def _live(member: Member, now: datetime) -> SelectOfScalar[SignIn]:
    return select(SignIn).where(
        SignIn.member_id == member.id,
        col(SignIn.ended_at).is_(None),
        col(SignIn.created_at) > now - LIFETIME,
        col(SignIn.seen_at) > now - UNSEEN_FOR,
    )
