"""Tables of members and their sign-ins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from dashboard.context import current
from dashboard.db import EnumText, UtcDateTime, new_id
from dashboard.permissions import Role


class Member(UserMixin, SQLModel, table=True):  # type: ignore[misc]  # flask-login ships without types.
    __tablename__ = "member"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True)  # lower-cased
    name: str
    role: Role = Field(sa_type=EnumText(Role))
    password_hash: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    language: str = "en"  # for dates, numbers and countries; see web/pages/locales.py
    time_zone: str = "UTC"
    #: By name; read by web/pages/preferences.py and stored by team/account/preferences.py.
    preferences: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))

    def may(self, permission: str) -> bool:
        return current().features.may(self.role, permission)


class SignIn(SQLModel, table=True):
    """One signed-in browser. Its cookie holds a random token, this row only the token's digest."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_member_id_seen_at", "member_id", "seen_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id")
    token_digest: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    user_agent: str = ""
    from_address: str = ""
    #: When the member last proved who they are; None if a remembered browser was signed in by itself.
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remembered_id: UUID | None = Field(default=None, index=True)  # the RememberedBrowser that it belongs to
