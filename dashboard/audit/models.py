"""AuditEntry: one line of the trail, chained to the line before it. ChainCheck: one check of the whole chain."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id

FIRST_PREVIOUS_HASH = "0" * 64


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_who_sequence", "who", "sequence"),
        Index("ix_audit_entry_who_action_sequence", "who", "action", "sequence"),
        Index("ix_audit_entry_action_sequence", "action", "sequence"),
        Index("ix_audit_entry_subject_sequence", "subject", "sequence"),
        Index("ix_audit_entry_at", "at"),
    )

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    who: str  # A member's e-mail address, or "worker", "command line", "customer".
    member_id: UUID | None = None
    action: str  # noun.verb, such as job.created
    subject: str = ""  # the row it is about, such as "job 0192..."
    details: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # never a secret, never personal data
    from_address: str = ""
    previous_hash: str
    hash: str

    def compute_hash(self) -> str:
        facts = (self.sequence, self.at, self.who, self.member_id, self.action, self.subject)
        return hash_of(*facts, self.details, self.from_address, self.previous_hash)


def hash_of(
    sequence: int,
    at: datetime,
    who: str,
    member_id: UUID | None,
    action: str,
    subject: str,
    details: dict[str, str],
    from_address: str,
    previous_hash: str,
) -> str:
    facts = [sequence, at.isoformat(), who, str(member_id or ""), action, subject, details, from_address, previous_hash]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class ChainCheck(SQLModel, table=True):
    """A check of the chain, saved after each stretch, so that a killed worker loses only one."""

    __tablename__ = "chain_check"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    asked_by: str  # a member's e-mail address, or "worker" for the daily one
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    lines: int = 0  # checked and found right
    sequence: int = 0  # of the last of them
    hash: str = FIRST_PREVIOUS_HASH  # its hash, which the next line must contain
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    broken_at: int | None = None  # the first line that does not fit
    why: str = ""
