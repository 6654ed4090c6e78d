"""The table SavedView. Reading one as a filter is in reading.py."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id


class SavedView(SQLModel, table=True):
    """What a list showed when somebody saved it: its filter, order and columns."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_member_id_id", "member_id", "id"),
        Index("ix_saved_view_is_shared_id", "is_shared", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id")
    list_name: str  # the `purpose` of its ListFilter
    name: str
    is_shared: bool = False
    filters: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # what was chosen
    typed_sealed: bytes | None = None  # what was typed, which may describe a customer
    is_oldest_first: bool = False
    columns: list[Any] = Field(default_factory=list, sa_type=JSON)  # their names, in order
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


def typed_associated_data(view_id: UUID) -> str:
    """The identity that the sealed text of a view is bound to."""
    return f"saved_view:{view_id}:typed"
