"""Invitations: inviting somebody to the team, and joining by an invitation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.mail import may_receive_mail
from dashboard.permissions import Role
from dashboard.team import queries
from dashboard.team.email import outbox
from dashboard.team.members import members
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation, digest_of_code, new_code, spend

VALID_FOR = timedelta(hours=72)
INVITED_ALREADY = "This address has an open invitation already. Send that one again."


def invite(session: Session, email: str, role: Role, invited_by: UUID, now: datetime) -> tuple[Invitation, str]:
    """Makes an invitation. Returns it with its code, of which only a digest is stored. Raises Invalid."""
    members.require_owner(session, invited_by)
    email = queries.normal_email(email)
    problem = _problem_with(session, email, now)
    if problem:
        raise Invalid({"email": problem})
    _withdraw_expired(session, email, now)
    code = new_code()
    invitation = Invitation(
        code_digest=digest_of_code(code),
        created_at=now,
        expires_at=now + VALID_FOR,
        email=email,
        role=role,
        invited_by=invited_by,
    )
    session.add(invitation)
    try:
        session.flush()
    except IntegrityError:  # Another owner invited the same address at this moment.
        raise Invalid({"email": INVITED_ALREADY}) from None
    record(session, "invitation.created", _subject(invitation), now, details={"role": role.value})
    return invitation, code


def renew_invitation(session: Session, invitation_id: UUID, renewed_by: UUID, now: datetime) -> tuple[Invitation, str]:
    """Gives an invitation a new code and its full time again. The old code stops working."""
    members.require_owner(session, renewed_by)
    invitation = find_invitation(session, invitation_id, to_change=True)
    _refuse_if_over(invitation)
    if queries.find_member_by_email(session, invitation.email):
        raise Conflict("Somebody with this address is a member already.")
    outbox.cancel_mails(session, invitation.id)
    code = new_code()
    invitation.code_digest, invitation.expires_at = digest_of_code(code), now + VALID_FOR
    invitation.invited_by = renewed_by  # who vouches for it now
    session.add(invitation)
    session.flush()
    record(session, "invitation.renewed", _subject(invitation), now)
    return invitation, code


def withdraw_invitation(session: Session, invitation: Invitation, now: datetime) -> None:
    _refuse_if_over(invitation)
    outbox.cancel_mails(session, invitation.id)
    invitation.withdrawn_at = now
    session.add(invitation)
    session.flush()
    record(session, "invitation.withdrawn", _subject(invitation), now)


def accept_invitation(session: Session, code: str, name: str, password: str, now: datetime) -> Member:
    """Adds the invited member. Raises NotFound if the code does not work; after any error it is still unused."""
    invitation = spend(session, Invitation, code, now)
    if invitation is None:
        raise NotFound
    member = members.add_member(session, invitation.email, name, invitation.role, password, now, who=invitation.email)
    record(session, "invitation.accepted", _subject(invitation), now, who=invitation.email)
    return member


def find_invitation(session: Session, invitation_id: UUID, *, to_change: bool = False) -> Invitation:
    """The invitation with this id.

    `to_change` locks it until the commit, so that nobody accepts what is being withdrawn.
    """
    invitation = session.get(Invitation, invitation_id, with_for_update=to_change)
    if invitation is None:
        raise NotFound
    return invitation


def list_invitations(session: Session) -> Sequence[Invitation]:
    """Invitations that were neither accepted nor withdrawn, newest first, expired ones included."""
    return session.exec(
        select(Invitation)
        .where(col(Invitation.used_at).is_(None), col(Invitation.withdrawn_at).is_(None))
        .order_by(col(Invitation.id).desc())
    ).all()


def _problem_with(session: Session, email: str, now: datetime) -> str | None:
    if members.problem_with_email(email) or not may_receive_mail(email):
        return "Type an e-mail address, such as ada@example.com."
    if queries.find_member_by_email(session, email):
        return "Somebody with this address is a member already."
    if session.exec(select(Invitation.id).where(Invitation.email == email, Invitation.is_open(now))).first():
        return INVITED_ALREADY
    return None


def _withdraw_expired(session: Session, email: str, now: datetime) -> None:
    """Withdraws expired invitations to this address, to make room for a new one."""
    is_neither = col(Invitation.used_at).is_(None), col(Invitation.withdrawn_at).is_(None)
    expired = select(Invitation).where(Invitation.email == email, col(Invitation.expires_at) <= now, *is_neither)
    for invitation in session.exec(expired.order_by(col(Invitation.id)).with_for_update()).all():
        withdraw_invitation(session, invitation, now)


def _refuse_if_over(invitation: Invitation) -> None:
    if invitation.used_at:
        raise Conflict("This invitation was accepted.")
    if invitation.withdrawn_at:
        raise Conflict("This invitation was withdrawn. Make a new one.")


def _subject(invitation: Invitation) -> str:
    return f"invitation {invitation.id}"
