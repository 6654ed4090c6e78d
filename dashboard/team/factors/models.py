"""Tables of second factors and remembered browsers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id


class AuthenticatorApp(SQLModel, table=True):
    """The secret from which a member's app makes six-digit codes. It counts once the first code was right."""

    __tablename__ = "authenticator_app"

    member_id: UUID = Field(foreign_key="member.id", primary_key=True)
    secret_sealed: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: The latest half minute whose code was accepted. That code and all earlier ones are spent.
    last_step: int | None = None


def app_associated_data(member_id: UUID) -> str:
    """What the sealed secret is bound to."""
    return f"member:{member_id}:authenticator"


class RecoveryCode(SQLModel, table=True):
    """A one-time code for a lost phone. Its first group finds the row; the rest is kept as an argon2id hash."""

    __tablename__ = "recovery_code"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    selector: str
    code_hash: str
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Passkey(SQLModel, table=True):
    """A key pair on a phone, computer or security key. Only its public half is known here."""

    __tablename__ = "passkey"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    name: str
    credential_id: str = Field(unique=True)  # base64url, as browsers send it
    public_key: bytes
    sign_count: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RememberedBrowser(SQLModel, table=True):
    """A browser that stays signed in: one family of tokens, each used once. Only digests are stored."""

    __tablename__ = "remembered_browser"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    selector: str = Field(unique=True)
    token_digest: str
    previous_digest: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    rotated_at: datetime = Field(sa_type=UtcDateTime)
    user_agent: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: When a token came a second time, which means that another browser has a copy.
    copied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
