"""Stores members' page preferences; `dashboard.web.pages.preferences` reads them."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.team.models import Member


def set_preference(session: Session, member_id: UUID, name: str, value: Any) -> None:
    """Stores one preference. `value` is anything JSON can hold; None removes it. Two changes at once are both kept."""
    member = session.exec(select(Member).where(col(Member.id) == member_id).with_for_update()).one()
    chosen = {**(member.preferences or {}), name: value}
    member.preferences = {name: value for name, value in chosen.items() if value is not None} or None
    session.flush()  # The row is written before the audit trail, as in every verb about members.
