"""Stores what members choose for the pages; `dashboard.web.pages.preferences` reads it."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.team.models import Member


def set_preference(session: Session, member_id: UUID, name: str, value: Any) -> None:
    """`value` is what JSON can hold; None forgets the choice. Two choices at once keep both."""
    member = session.exec(select(Member).where(col(Member.id) == member_id).with_for_update()).one()
    chosen = {**(member.preferences or {}), name: value}
    member.preferences = {name: value for name, value in chosen.items() if value is not None} or None
    session.flush()  # The row before the chain of the audit trail, as in every verb about members.
