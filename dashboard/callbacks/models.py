"""Callback: a stored request, exactly as received, with the verdict on its signature. ProcessingRun."""

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
    REUSED = "reused"  # the same signature with another body: a replay attack
    DUPLICATE = "duplicate"
    REFLECTED = "reflected"  # the signature of one of our own requests, sent back to us


#: Answered with 401, and limited by network. Every other verdict is answered with 200.
REFUSED_VERDICTS = frozenset({Verdict.WRONG, Verdict.MISSING})
#: Signed with one of our keys, so the job may have news: Smile is asked, and only its answer counts.
WORTH_ASKING = frozenset({Verdict.VALID, Verdict.STALE, Verdict.FUTURE, Verdict.REUSED})
#: Somebody uses a copied signature, or two signing times coincide: a person should look at it.
ALARMING_VERDICTS = frozenset({Verdict.REUSED, Verdict.REFLECTED})

#: One check: {"passed", "kind", "facts"}, or {"passed", "text"} in callbacks of earlier versions. See steps.py.
Step = dict[str, Any]

DUE = text("due_at IS NOT NULL")
IS_REPEATED = text("times_seen > 1")
IS_ALARMING = text("verdict IN ('reused', 'reflected')")
IS_ORPHAN = text("job_id IS NULL")
IS_UNKNOWN = text("product IS NULL")
IS_REFUSED = text("verdict IN ('wrong', 'missing')")
# As a negation, since for a list of verdicts SQLite would rather scan all rows that have one of them.
IS_NOT_ALARMING = text("verdict NOT IN ('reused', 'reflected')")


#: Kinds of callbacks that are few, by the name of their index.
RARE = {
    "again": IS_REPEATED,
    "alarm": IS_ALARMING,
    "orphan": IS_ORPHAN,
    "refused": IS_REFUSED,
    "unknown": IS_UNKNOWN,
}
#: What the list's filters compare. Each of their indexes ends with the others, so that a pair of filters reads no row
#: that it leaves out.
COMPARED = ("verdict", "product", "country", "id_type")


def _compared_without(name: str) -> tuple[str, ...]:
    return tuple(each for each in COMPARED if each != name)


class Callback(SQLModel, table=True):
    __tablename__ = "callback"
    # SQLite has no statistics on environments. So each index ends with the order of lists: otherwise a less suitable
    # index would look as good, and SQLite would scan all rows.
    __table_args__ = (
        # Wider than the partial indexes below: of two that look equally good, SQLite takes the narrower one.
        Index("ix_callback_environment_id", "environment", "id", "product", "country"),
        *(
            Index(f"ix_callback_environment_{name}_id", "environment", name, "id", *_compared_without(name))
            for name in COMPARED
        ),
        Index("ix_callback_environment_claimed_job_id_id", "environment", "claimed_job_id", "id"),
        Index("ix_callback_job_id_environment_id", "job_id", "environment", "id"),
        Index("ix_callback_id_number_digest_environment_id", "id_number_digest", "environment", "id"),
        Index("ix_callback_environment_due_at", "environment", "due_at", sqlite_where=DUE, postgresql_where=DUE),
        # Rare rows are counted without reading the rest, and cost nothing when others are stored.
        *(
            Index(f"ix_callback_{name}", "environment", "id", sqlite_where=rare, postgresql_where=rare)
            for name, rare in RARE.items()
        ),
        # Of two that arrive at once the later one fails here, and is then judged again with the earlier one stored. A
        # few of one millisecond share a signature and are numbered; those that raise an alarm differ by body.
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
    # Of the 32 decoded bytes, which have several base64 texts. None unless the signature matches one of our keys.
    signature_digest: str | None = None
    signature_use: int = 0  # how many genuine callbacks of the same millisecond carried it before
    verdict: Verdict = Field(sa_type=EnumText(Verdict))
    reason: str  # only in callbacks of earlier versions; today it follows from the verdict and the steps
    steps: list[Step] = Field(default_factory=list, sa_type=JSON)
    job_id: UUID | None = None  # our job; None for an orphan
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
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when to pass it to its job, or to try again
    attempts: int = 0
    search_text: str = ""
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the body is empty then
    # Last, because SQLite reads a row from its beginning: lists do not have to skip megabytes of images.
    body_sealed: bytes

    @property
    def is_refused(self) -> bool:
        return self.verdict in REFUSED_VERDICTS

    @property
    def body_associated_data(self) -> str:
        """The identity that the sealed body is bound to."""
        return body_associated_data(self.id)


class CallbackSearch(SQLModel, table=True):
    """What the index of search texts knows of a callback. See text_index.py."""

    __tablename__ = "callback_search"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # in the order of indexing
    callback_id: UUID = Field(unique=True)
    environment: str
    body_sha256: str = Field(index=True)
    text: str  # with a space on either side; empty once the callback is erased


class ProcessingRun(SQLModel, table=True):
    """A request to process again, in the background, all callbacks that matched a filter at that time."""

    __tablename__ = "processing_run"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str = Field(index=True)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    filters: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    total: int
    done: int = 0
    newest: UUID  # the newest callback then; later ones are left out
    next_before: UUID | None = None  # it proceeds from the newest to the oldest
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def body_associated_data(callback_id: UUID) -> str:
    return f"callback:{callback_id}:body"
