"""NamePart: one part of a customer's name as a digest, by job. NameSearchKey: the sealed key of these digests."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime

#: There is at most one key; that of an emptied index is removed with its last row.
KEY_ID = UUID(int=1)


class NameSearchKey(SQLModel, table=True):
    """The key of the digests. Rotating the encryption keys seals it again, and the digests stay."""

    __tablename__ = "name_search_key"

    id: UUID = Field(default=KEY_ID, primary_key=True)
    key_sealed: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class NamePart(SQLModel, table=True):
    """A job's customer has a name with this part."""

    __tablename__ = "name_part"
    __table_args__ = {"sqlite_with_rowid": False}  # The key is the whole row.

    environment: str = Field(primary_key=True)
    digest: UUID = Field(primary_key=True)  # the first 128 bits of an HMAC
    job_id: UUID = Field(primary_key=True, index=True)


def key_associated_data(key_id: UUID) -> str:
    """What the sealed key is bound to."""
    return f"name_search_key:{key_id}:key"
