"""Queries for members: by address or id, their names, and when they were last seen."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

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
    newest = (
        select(SignIn.member_id, func.max(SignIn.seen_at))
        .where(col(SignIn.member_id).in_(member_ids))
        .group_by(col(SignIn.member_id))
    )
    return dict(session.exec(newest).all())


def names_of(session: Session, member_ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(session.exec(select(Member.id, Member.name).where(col(Member.id).in_(member_ids))).all())
