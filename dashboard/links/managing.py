"""What staff do to a link after it was made: pause, resume, revoke, extend, and send it again under a new code."""

from datetime import datetime, timedelta

from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.errors import Conflict
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.models import Link, LinkKind

DAYS_WHEN_SENT_AGAIN = 7


def pause_link(session: Session, link: Link, now: datetime) -> None:
    """Nobody can start or go on until it is resumed; whoever has submitted is not touched."""
    _refuse_if_closed(link)
    if link.paused_at is not None:
        raise Conflict("This link is paused already.")
    link.paused_at = now
    _save(session, link, "link.paused", now)


def resume_link(session: Session, link: Link, now: datetime) -> None:
    _refuse_if_closed(link)
    if link.paused_at is None:
        raise Conflict("This link is not paused.")
    link.paused_at = None
    _save(session, link, "link.resumed", now)


def revoke_link(session: Session, link: Link, now: datetime) -> None:
    """For good. A verification that was submitted is followed to its end all the same."""
    _refuse_if_closed(link)
    link.revoked_at = now
    _save(session, link, "link.revoked", now)


def extend_link(session: Session, link: Link, days: int, now: datetime) -> None:
    """Works `days` longer than it would have, counted from now where its time is over."""
    _refuse_if_closed(link)
    link.expires_at = max(link.expires_at, now) + timedelta(days=days)
    _save(session, link, "link.extended", now, {"days": str(days)})


def renew_code(session: Session, link: Link, now: datetime) -> str:
    """The code to send again; the old one is dead. One more use and a week are given where none are left."""
    _refuse_if_closed(link)
    if link.paused_at is not None:
        raise Conflict("This link is paused. Resume it first.")
    code = new_code()
    link.code_digest = digest_of_code(code)
    link.uses_allowed = max(link.uses_allowed, link.uses_spent + 1)
    if link.expires_at <= now:
        link.expires_at = now + timedelta(days=DAYS_WHEN_SENT_AGAIN)
    _save(session, link, "link.code_renewed", now)
    return code


def _refuse_if_closed(link: Link) -> None:
    if link.kind == LinkKind.SMILE:
        raise Conflict("A Smile Link is kept by Smile, where it can only be disabled.")
    if link.revoked_at is not None:
        raise Conflict("This link was revoked for good. Make a new one.")


def _save(session: Session, link: Link, action: str, now: datetime, details: dict[str, str] | None = None) -> None:
    link.changed(now)
    session.add(link)
    record(session, action, f"link {link.id}", now, details=details)
