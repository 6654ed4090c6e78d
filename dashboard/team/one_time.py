"""Links that work once: an invitation, and a new password. Their rows, and how a code is made, found and spent.

The code stands in an address and is kept nowhere; the row holds its digest. What the two are for is written in
invitations.py and resets.py.
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
#: What was used, withdrawn or never opened is forgotten then; the audit trail keeps that it was.
KEPT_FOR = timedelta(days=30)
#: An invitation whose time is over still counts here: what is true of a row alone makes an index.
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
        """Whether its code works; of the class, the same as a condition for the database."""
        return (self.used_at == None) & (self.withdrawn_at == None) & (self.expires_at > now)  # noqa: E711


class Invitation(OneTimeLink, table=True):
    """Somebody may become a member, with this address and this role."""

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
    """A member may choose a new password without the old one."""

    __tablename__ = "password_reset"

    member_id: UUID = Field(foreign_key="member.id", index=True)


KINDS: tuple[type[OneTimeLink], ...] = (Invitation, PasswordReset)
Link = TypeVar("Link", bound=OneTimeLink)


def new_code() -> str:
    return token_urlsafe(CODE_BYTES)


def digest_of_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def find_open(session: Session, kind: type[Link], code: str, now: datetime) -> Link | None:
    """Unknown, used, withdrawn and expired are one to the database, so that nobody learns which it was."""
    return session.exec(select(kind).where(kind.code_digest == digest_of_code(code), kind.is_open(now))).first()


def spend(session: Session, kind: type[Link], code: str, now: datetime) -> Link | None:
    """One guarded UPDATE, so that of any number who press at once exactly one wins."""
    result = session.connection().execute(
        update(kind).where(col(kind.code_digest) == digest_of_code(code), kind.is_open(now)).values(used_at=now)
    )
    if result.rowcount != 1:
        return None
    return session.exec(select(kind).where(kind.code_digest == digest_of_code(code))).one()


def withdraw_invitations_of(session: Session, member: Member, now: datetime) -> None:
    """Of a member whose role or access ends: nobody comes in by their word any more."""
    _withdraw(session, Invitation, col(Invitation.invited_by) == member.id, now)


def withdraw_resets_of(session: Session, member: Member, now: datetime) -> None:
    _withdraw(session, PasswordReset, col(PasswordReset.member_id) == member.id, now)


def _withdraw(session: Session, kind: type[OneTimeLink], which: ColumnElement[bool], now: datetime) -> None:
    session.connection().execute(update(kind).where(which, kind.is_open(now)).values(withdrawn_at=now))


def forget_old_links(session: Session, now: datetime) -> None:
    for kind in KINDS:
        columns = (kind.expires_at, kind.used_at, kind.withdrawn_at)
        session.connection().execute(delete(kind).where(or_(*(col(column) < now - KEPT_FOR for column in columns))))
