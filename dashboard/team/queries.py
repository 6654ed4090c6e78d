"""Queries for members: by address or id, their names, and when they were last seen."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.errors import NotFound
from dashboard.team.models import Member, SignIn


def normal_email(email: str) -> str:
    """The form in which an address is stored and looked up."""
    return email.strip().lower()


def find_member_by_email(session: Session, email: str) -> Member | None:
    return session.exec(select(Member).where(Member.email == normal_email(email))).first()


def member_by_email(session: Session, email: str) -> Member:
    member = find_member_by_email(session, email)
    if member is None:
        raise NotFound("There is no member with this address.")
    return member


def find_member(session: Session, member_id: UUID) -> Member:
    member = session.get(Member, member_id)
    if member is None:
        raise NotFound
    return member


def last_seen(session: Session, member_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each member was last seen. Members who never signed in are left out."""
    of_member = select(SignIn.seen_at).where(SignIn.member_id == Member.id).order_by(col(SignIn.seen_at).desc())
    newest: Any = of_member.limit(1).scalar_subquery()
    found = select(Member.id, newest).where(col(Member.id).in_(member_ids))
    return {member_id: seen_at for member_id, seen_at in session.exec(found).all() if seen_at}


def names_of(session: Session, member_ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(session.exec(select(Member.id, Member.name).where(col(Member.id).in_(member_ids))).all())
