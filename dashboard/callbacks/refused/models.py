"""RefusedDelivery: what is known of a request that was turned away. Its body is not kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.db import EnumText, UtcDateTime, new_id


class RefusedDelivery(SQLModel, table=True):
    __tablename__ = "refused_delivery"
    __table_args__ = (
        Index("ix_refused_delivery_environment_id", "environment", "id"),
        Index("ix_refused_delivery_environment_source_network_id", "environment", "source_network", "id"),
        Index("ix_refused_delivery_job_id_id", "job_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)  # of the last that is counted on this row
    source_address: str
    source_network: str  # what is bounded: an IPv6 sender has a whole /64
    reason: RefusalReason = Field(sa_type=EnumText(RefusalReason))
    status: int  # what was answered
    size: int  # in bytes, as the sender told it, or as far as it was read
    job_id: UUID | None = None  # ours
    claimed_job_id: str = ""  # what the body said, where it could be read
    count: int = 1  # deliveries that this row stands for
