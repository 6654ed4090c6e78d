"""Reads for the team: one member by address, and the list."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from dashboard.errors import NotFound
from dashboard.team.models import Member


def normal_email(email: str) -> str:
    """The form in which an address is kept and looked up."""
    return email.strip().lower()


def find_member_by_email(session: Session, email: str) -> Member | None:
    return session.exec(select(Member).where(Member.email == normal_email(email))).first()


def member_by_email(session: Session, email: str) -> Member:
    member = find_member_by_email(session, email)
    if member is None:
        raise NotFound("There is no member with this address.")
    return member


def list_members(session: Session) -> Sequence[Member]:
    """Everybody, those who left last. A team is small: no pages."""
    return session.exec(select(Member).order_by(col(Member.disabled_at).is_not(None), col(Member.name))).all()
