"""AuditEntry: one fact of the trail, chained to the one before it."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime

FIRST_PREVIOUS_HASH = "0" * 64


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit_entry"

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    who: str  # A member's e-mail address, or "worker", "command line", "customer".
    member_id: UUID | None = Field(default=None, index=True)
    action: str = Field(index=True)  # noun.verb, such as job.created
    subject: str = Field(default="", index=True)  # which row, such as "job 0192..."
    details: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # never a secret, never personal data
    from_address: str = ""
    previous_hash: str
    hash: str

    def compute_hash(self) -> str:
        facts = [self.sequence, self.at.isoformat(), self.who, str(self.member_id or ""), self.action, self.subject]
        text = json.dumps([*facts, self.details, self.from_address, self.previous_hash], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
