"""The table ExactTime: what somebody asked to have counted exactly, and the answer. Its verbs are in exact_times.py."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id


class ExactTime(SQLModel, table=True):
    """How long the jobs of one period took at most: half of them, and nine in ten. Without an answer it is due."""

    __tablename__ = "exact_time"
    __table_args__ = (
        UniqueConstraint("environment", "question"),
        Index("ix_exact_time_asked_by", "asked_by"),
        Index("ix_exact_time_due_at", "due_at"),
        Index("ix_exact_time_asked_at", "asked_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    question: str  # the period and the filters of the report
    asked_by: UUID = Field(foreign_key="member.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # While a worker counts, its claim ends then.
    counted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    jobs: int | None = None
    half_ms: int | None = Field(default=None, sa_type=BigInteger)
    nine_in_ten_ms: int | None = Field(default=None, sa_type=BigInteger)
