"""Records a fact in the audit trail, in the same transaction as the change that it is about."""

from datetime import datetime
from uuid import UUID

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import text
from sqlmodel import Session, col, select

from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry

#: Our number for a PostgreSQL advisory lock: only one writer at a time adds to the chain.
CHAIN_LOCK = 5_318_008


def record(
    session: Session, action: str, subject: str, now: datetime, *, who: str = "", details: dict[str, str] | None = None
) -> AuditEntry:
    """Adds one line. Member and address come from the request; `who` names a process instead."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})
    newest = select(AuditEntry.sequence, AuditEntry.hash).order_by(col(AuditEntry.sequence).desc()).limit(1)
    last_sequence, last_hash = session.exec(newest).first() or (0, FIRST_PREVIOUS_HASH)
    email, member_id, address = _caller()
    entry = AuditEntry(
        sequence=last_sequence + 1,
        at=now,
        who=who or email,
        member_id=member_id,
        action=action,
        subject=subject,
        details=details or {},
        from_address=address,
        previous_hash=last_hash,
        hash="",
    )
    entry.hash = entry.compute_hash()
    session.add(entry)
    session.flush()
    return entry


def _caller() -> tuple[str, UUID | None, str]:
    if not has_request_context():
        return "command line", None, ""
    if not current_user.is_authenticated:
        return "somebody signed out", None, request.remote_addr or ""
    return current_user.email, current_user.id, request.remote_addr or ""
