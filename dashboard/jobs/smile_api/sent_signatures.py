"""Digests of the signatures we send, to recognise our own requests when they come back as callbacks."""

import base64
import binascii
import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from dashboard.context import transaction
from dashboard.db import insert_into, utc_now
from dashboard.jobs.models import SentSignature

KEPT_FOR = timedelta(hours=24)
SIGNATURE_BYTES = 32


def digest_of_signature(signature: str) -> str | None:
    """The digest of the decoded bytes; None when the text is not a signature."""
    raw = bytes_of_signature(signature)
    return None if raw is None else hashlib.sha256(raw).hexdigest()


def bytes_of_signature(signature: str) -> bytes | None:
    """The decoded bytes, from any of the many base64 spellings that senders use; None when it is not a signature."""
    text = "".join(signature.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == SIGNATURE_BYTES else None


def remember_sent(signature: str) -> None:
    """Stores a signature just before its request is sent: a reflection can come back before the answer does."""
    if digest_of_signature(signature) is None:
        return  # A legacy sec_key, which differs every time and cannot be sent back as a signature.
    with transaction() as session:
        note_sent(session, signature, utc_now())


def note_sent(session: Session, signature: str, now: datetime) -> None:
    # Two requests within one millisecond carry the same timestamp, and so the same signature.
    row = insert_into(session, SentSignature).values(digest=digest_of_signature(signature), sent_at=now)
    session.connection().execute(row.on_conflict_do_nothing())


def forget_old_signatures(session: Session, now: datetime) -> None:
    session.connection().execute(delete(SentSignature).where(col(SentSignature.sent_at) < now - KEPT_FOR))
