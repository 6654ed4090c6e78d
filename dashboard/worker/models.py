"""The table of periodic work: when each piece is due next, and who runs it now."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime


class PeriodicWork(SQLModel, table=True):
    __tablename__ = "periodic_work"

    name: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    lease: str | None = None  # a token of the worker that runs it; None while nobody does
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
