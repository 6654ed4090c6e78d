"""Pending sign-ins: the password was right, the second factor is still missing.

One is stored in the signed session, signs nobody in, and ends after ten minutes or when the password changes.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from flask import session as cookie
from sqlmodel import Session

from dashboard.team.models import Member

FIELD = "half_sign_in"
LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class PendingSignIn:
    member: Member
    keep: bool  # stay signed in on this device
    next_page: str


def begin_pending_sign_in(member: Member, keep: bool, next_page: str, now: datetime) -> None:
    """Starts a new session, so that nothing that was put into the cookie before survives."""
    cookie.clear()
    cookie[FIELD] = {
        "member": str(member.id),
        "password": _mark_of(member),
        "at": now.timestamp(),
        "keep": keep,
        "next": next_page,
    }


def current_pending_sign_in(session: Session, now: datetime) -> PendingSignIn | None:
    kept = cookie.get(FIELD)
    if not kept or not 0 <= now.timestamp() - kept["at"] <= LASTS.total_seconds():
        return None
    member = session.get(Member, UUID(kept["member"]))
    if member is None or member.disabled_at or not hmac.compare_digest(_mark_of(member), kept["password"]):
        return None
    return PendingSignIn(member, bool(kept["keep"]), str(kept["next"]))


def _mark_of(member: Member) -> str:
    """A value that changes with the password and reveals nothing about its hash."""
    secret = current_app.secret_key
    assert isinstance(secret, str)
    return hmac.new(secret.encode(), f"half {member.password_hash}".encode(), hashlib.sha256).hexdigest()[:32]
