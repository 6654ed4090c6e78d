"""Erasure: the proof that a person was erased. It holds digests, row ids and counts, and no personal data."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id


class Erasure(SQLModel, table=True):
    __tablename__ = "erasure"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    erased_by: str  # a member's e-mail address
    member_id: UUID | None = None
    identifier_digests: list[str] = Field(default_factory=list, sa_type=JSON)  # keyed digests of ids and numbers
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    manifest: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # row ids, and digests of their content
    manifest_sha256: str

    @property
    def is_intact(self) -> bool:
        return hash_of_manifest(self.manifest) == self.manifest_sha256


def hash_of_manifest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
