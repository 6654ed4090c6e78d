"""Callback: what arrived, exactly as it arrived, and what its signature proves."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from dashboard.db import EnumText, UtcDateTime, new_id


class Verdict(StrEnum):
    VALID = "valid"
    WRONG = "wrong"
    MISSING = "missing"
    STALE = "stale"
    FUTURE = "future"
    REUSED = "reused"  # the same signature bytes over another body: the attack
    DUPLICATE = "duplicate"
    REFLECTED = "reflected"  # a signature of our own requests, sent back to us


#: A sender without a signature learns nothing and is slowed down; everything else is stored and answered with 200.
REFUSED_VERDICTS = frozenset({Verdict.WRONG, Verdict.MISSING})


class Callback(SQLModel, table=True):
    __tablename__ = "callback"
    __table_args__ = (
        Index("ix_callback_environment_id", "environment", "id"),
        Index("ix_callback_environment_signature", "environment", "signature_digest"),
        Index("ix_callback_environment_verdict_id", "environment", "verdict", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    source_address: str = ""
    headers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    body_sealed: bytes
    body_size: int
    body_sha256: str = Field(index=True)
    signature_digest: str | None = None  # of the 32 decoded bytes: base64 has several texts for the same signature
    verdict: Verdict = Field(sa_type=EnumText(Verdict))
    reason: str
    job_id: UUID | None = Field(default=None, index=True)  # ours; none for an orphan
    claimed_job_id: str = ""  # what the body says, searchable
    claimed_smile_job_id: str = ""
    result_code: str | None = None
    result_text: str | None = None
    times_seen: int = 1
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    search_text: str = ""
