"""Password resets: a link that an owner makes, or that a member asks for without signing in."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from dashboard.audit.trail import record
from dashboard.errors import Conflict, NotFound
from dashboard.team.email import outbox
from dashboard.team.members import members
from dashboard.team.models import Member
from dashboard.team.one_time import PasswordReset, digest_of_code, new_code, spend, withdraw_resets_of

VALID_FOR = timedelta(hours=1)
#: How many links may be asked for without signing in; more would fill a mailbox. Owners have no limit.
MOST_AN_HOUR = 3
WORKER = "worker"


def make_reset(session: Session, member: Member, now: datetime, *, who: str = "") -> tuple[PasswordReset, str]:
    """Makes a link to a new password. Returns it with its code; the member's earlier links stop working."""
    if member.disabled_at:
        raise Conflict("This member is disabled. Enable them first.")
    withdraw_resets_of(session, member, now)
    code = new_code()
    reset = PasswordReset(
        code_digest=digest_of_code(code), created_at=now, expires_at=now + VALID_FOR, member_id=member.id
    )
    session.add(reset)
    session.flush()
    record(session, "member.reset_link_made", f"member {member.id}", now, who=who)
    return reset, code


def use_reset(session: Session, code: str, password: str, now: datetime) -> Member:
    """Sets the password and ends every sign-in. Second factors stay: a mailbox alone opens no account.

    Raises NotFound if the code does not work. After any error the code is still unused.
    """
    reset = spend(session, PasswordReset, code, now)
    member = session.get_one(Member, reset.member_id) if reset else None
    if member is None or member.disabled_at:
        raise NotFound
    members.set_password(session, member, password, now, who=member.email)
    return member


def answer_forgotten(session: Session, member: Member | None, now: datetime) -> tuple[PasswordReset, str] | None:
    """Makes a link for an address that was typed; None if nothing is sent. The person never learns which."""
    if member is None or member.disabled_at:
        return None
    if _made_lately(session, member.id, now) >= MOST_AN_HOUR:
        return None
    return make_reset(session, member, now, who=WORKER)


def newest_reset(session: Session, member_id: UUID) -> PasswordReset | None:
    return session.exec(
        select(PasswordReset).where(PasswordReset.member_id == member_id).order_by(col(PasswordReset.id).desc())
    ).first()


def mail_of(session: Session, reset: PasswordReset | None) -> outbox.OutgoingMail | None:
    return outbox.newest_mails(session, [reset.id]).get(reset.id) if reset else None


def _made_lately(session: Session, member_id: UUID, now: datetime) -> int:
    lately = select(func.count()).where(
        PasswordReset.member_id == member_id, col(PasswordReset.created_at) > now - timedelta(hours=1)
    )
    return session.exec(lately).one()
