"""RefusedDelivery: what is known about a refused request. Its body is not kept."""

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
    last_at: datetime = Field(sa_type=UtcDateTime)  # of the last delivery counted on this row
    source_address: str
    source_network: str  # limits apply to it, since an IPv6 sender has a whole /64
    reason: RefusalReason = Field(sa_type=EnumText(RefusalReason))
    status: int  # of our answer
    size: int  # in bytes, as the sender declared it, or as much as was read
    job_id: UUID | None = None  # our job
    claimed_job_id: str = ""  # from the body, where it could be read
    count: int = 1  # how many deliveries this row stands for
