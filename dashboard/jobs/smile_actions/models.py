"""FraudReport: what a member told Smile about a user, with the notes sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id


class FraudReport(SQLModel, table=True):
    """One report, or one that takes it back. It is saved before Smile is asked."""

    __tablename__ = "fraud_report"
    __table_args__ = (Index("ix_fraud_report_environment_user_id_id", "environment", "user_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    job_id: UUID = Field(foreign_key="job.id", index=True)
    user_id: str
    is_fraud: bool
    reason: str  # one of Smile's; empty where a report is taken back
    notes_sealed: bytes | None  # they may name the customer; None where there are none, or once erased
    reported_by: str
    reported_at: datetime = Field(sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # by Smile


def notes_associated_data(row_id: UUID) -> str:
    """The identity that sealed notes are bound to."""
    return f"fraud_report:{row_id}:notes"
