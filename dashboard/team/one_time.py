"""One-time links for invitations and new passwords: their tables, and how codes are made, found and spent.

The code is part of an address and is not stored; the row holds its digest. What the links do is in
members/invitations.py and members/resets.py.
"""

import hashlib
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Index, delete, or_, text, update
from sqlalchemy.ext.hybrid import hybrid_method
from sqlmodel import Field, Session, SQLModel, col, select

from dashboard.db import HYBRIDS, EnumText, UtcDateTime, new_id
from dashboard.permissions import Role
from dashboard.team.models import Member

CODE_BYTES = 24  # 192 bits, 32 characters that need no escaping in an address
#: Used, withdrawn and expired links are deleted after this time. The audit trail still lists them.
KEPT_FOR = timedelta(days=30)
#: Expired invitations count too: the condition of an index knows only the row, not the time.
NEITHER_USED_NOR_WITHDRAWN = text("used_at IS NULL AND withdrawn_at IS NULL")


class OneTimeLink(SQLModel):
    model_config = {"ignored_types": HYBRIDS}

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code_digest: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @hybrid_method
    def is_open(self, now: datetime) -> bool:
        """Whether the code works. On the class, the same as a condition for the database."""
        return (self.used_at == None) & (self.withdrawn_at == None) & (self.expires_at > now)  # noqa: E711


class Invitation(OneTimeLink, table=True):
    """Lets somebody become a member, with this address and this role."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index(
            "uq_invitation_email",
            "email",
            unique=True,
            sqlite_where=NEITHER_USED_NOR_WITHDRAWN,
            postgresql_where=NEITHER_USED_NOR_WITHDRAWN,
        ),
    )

    email: str = Field(index=True)  # lower-cased
    role: Role = Field(sa_type=EnumText(Role))
    invited_by: UUID = Field(foreign_key="member.id")


class PasswordReset(OneTimeLink, table=True):
    """Lets a member choose a new password without the old one."""

    __tablename__ = "password_reset"

    member_id: UUID = Field(foreign_key="member.id", index=True)


KINDS: tuple[type[OneTimeLink], ...] = (Invitation, PasswordReset)
Link = TypeVar("Link", bound=OneTimeLink)


def new_code() -> str:
    return token_urlsafe(CODE_BYTES)


def digest_of_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def find_open(session: Session, kind: type[Link], code: str, now: datetime) -> Link | None:
    """The open link with this code. Unknown, used, withdrawn and expired codes look the same to everybody."""
    return session.exec(select(kind).where(kind.code_digest == digest_of_code(code), kind.is_open(now))).first()


def spend(session: Session, kind: type[Link], code: str, now: datetime) -> Link | None:
    """Uses up the link in one guarded UPDATE, so that of any number of tries at once exactly one wins."""
    result = session.connection().execute(
        update(kind).where(col(kind.code_digest) == digest_of_code(code), kind.is_open(now)).values(used_at=now)
    )
    if result.rowcount != 1:
        return None
    return session.exec(select(kind).where(kind.code_digest == digest_of_code(code))).one()


def withdraw_invitations_of(session: Session, member: Member, now: datetime) -> None:
    """Withdraws the open invitations of a member whose role or access ends."""
    _withdraw(session, Invitation, col(Invitation.invited_by) == member.id, now)


def withdraw_resets_of(session: Session, member: Member, now: datetime) -> None:
    _withdraw(session, PasswordReset, col(PasswordReset.member_id) == member.id, now)


def _withdraw(session: Session, kind: type[OneTimeLink], which: ColumnElement[bool], now: datetime) -> None:
    session.connection().execute(update(kind).where(which, kind.is_open(now)).values(withdrawn_at=now))


def forget_old_links(session: Session, now: datetime) -> None:
    for kind in KINDS:
        columns = (kind.expires_at, kind.used_at, kind.withdrawn_at)
        session.connection().execute(delete(kind).where(or_(*(col(column) < now - KEPT_FOR for column in columns))))
