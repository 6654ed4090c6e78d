"""Callback: what arrived, exactly as it arrived, and what its signature proves."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from dashboard.db import EnumText, UtcDateTime, new_id
from dashboard.jobs.products import Product


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
#: Somebody with a key of ours made the signature, so there may be news: Smile is asked, and only the answer counts.
WORTH_ASKING = frozenset({Verdict.VALID, Verdict.STALE, Verdict.FUTURE, Verdict.REUSED})
#: Somebody uses a signature that is not theirs, or a clock and a key coincide: a person should look.
ALARMING_VERDICTS = frozenset({Verdict.REUSED, Verdict.REFLECTED})

#: One thing that was looked at: {"passed", "kind", "facts"}, of callbacks of before {"passed", "text"}. See steps.py.
Step = dict[str, Any]

DUE = text("due_at IS NOT NULL")
IS_REPEATED = text("times_seen > 1")
IS_ALARMING = text("verdict IN ('reused', 'reflected')")
# Told this way round, since SQLite would rather go through all that have one of the verdicts in a list.
IS_NOT_ALARMING = text("verdict NOT IN ('reused', 'reflected')")


class Callback(SQLModel, table=True):
    __tablename__ = "callback"
    # SQLite knows nothing of how many have one environment. So each way to find some ends with the order of lists: an
    # index that fits less well would look as good, and all would be gone through.
    __table_args__ = (
        Index("ix_callback_environment_id", "environment", "id"),
        Index("ix_callback_environment_verdict_id", "environment", "verdict", "id"),
        Index("ix_callback_environment_claimed_job_id_id", "environment", "claimed_job_id", "id"),
        Index("ix_callback_job_id_environment_id", "job_id", "environment", "id"),
        Index("ix_callback_id_number_digest_environment_id", "id_number_digest", "environment", "id"),
        Index("ix_callback_environment_due_at", "environment", "due_at", sqlite_where=DUE, postgresql_where=DUE),
        # What is rare is counted without a look at the rest, and costs the others nothing when they are stored.
        Index("ix_callback_again", "environment", "id", sqlite_where=IS_REPEATED, postgresql_where=IS_REPEATED),
        Index("ix_callback_alarm", "environment", "id", sqlite_where=IS_ALARMING, postgresql_where=IS_ALARMING),
        # Of two that arrive at once the later one fails here, is looked at again and found to be no longer new: a few
        # of one millisecond share a signature and are numbered, and those that raise an alarm are told apart by their
        # bodies.
        Index(
            "uq_callback_signature",
            "environment",
            "signature_digest",
            "signature_use",
            unique=True,
            sqlite_where=IS_NOT_ALARMING,
            postgresql_where=IS_NOT_ALARMING,
        ),
        Index(
            "uq_callback_alarm",
            "environment",
            "body_sha256",
            "signature_digest",
            unique=True,
            sqlite_where=IS_ALARMING,
            postgresql_where=IS_ALARMING,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    source_address: str = ""
    headers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    body_size: int
    body_sha256: str
    # Of the 32 decoded bytes, since base64 has several texts for them; none unless the signature matches a key of ours.
    signature_digest: str | None = None
    signature_use: int = 0  # how many genuine ones of the same millisecond had carried it before
    verdict: Verdict = Field(sa_type=EnumText(Verdict))
    reason: str  # empty, but for callbacks of before: it follows from the verdict and the steps
    steps: list[Step] = Field(default_factory=list, sa_type=JSON)
    job_id: UUID | None = None  # ours; none for an orphan
    claimed_job_id: str = ""  # what the body says, searchable
    claimed_smile_job_id: str = ""
    product: Product | None = Field(default=None, sa_type=EnumText(Product))
    country: str | None = None
    id_type: str | None = None
    id_number_digest: str | None = None
    result_code: str | None = None
    result_text: str | None = None
    times_seen: int = 1
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when it is handed to its job, again if need be
    attempts: int = 0
    search_text: str = ""
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # its body is empty then
    # Last, because SQLite reads a row from its beginning: a list does not have to skip megabytes of images.
    body_sealed: bytes

    @property
    def is_refused(self) -> bool:
        return self.verdict in REFUSED_VERDICTS

    @property
    def body_identity(self) -> str:
        """What the sealed body is bound to."""
        return body_identity(self.id)


class ProcessingRun(SQLModel, table=True):
    """Processing again, in the background, all that matched a filter when somebody asked for it."""

    __tablename__ = "processing_run"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str = Field(index=True)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    filters: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    total: int
    done: int = 0
    newest: UUID  # what came after it was asked for is left out
    next_before: UUID | None = None  # it works from the newest to the oldest
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def body_identity(callback_id: UUID) -> str:
    return f"callback:{callback_id}:body"
