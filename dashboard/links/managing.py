"""What staff do to a link after it was made: pause, resume, revoke, extend, and hand it out under a new code."""

from datetime import datetime, timedelta

from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.errors import Conflict
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.earlier_codes import forget_earlier, keep_earlier
from dashboard.links.models import Link, LinkKind
from dashboard.links.queries import progress_of

DAYS_WHEN_SENT_AGAIN = 7
#: Two members who remind the same customer at the same moment do it once.
REMINDED_LATELY = timedelta(minutes=1)


def pause_link(session: Session, link: Link, now: datetime) -> None:
    """Nobody can start or go on until it is resumed; whoever has submitted is not touched."""
    _refuse_if_closed(link)
    if link.paused_at is not None:
        raise Conflict("This link is paused already.")
    _refuse_if_finished(session, link, "pause")
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
    _refuse_if_finished(session, link, "extend")
    link.expires_at = max(link.expires_at, now) + timedelta(days=days)
    _save(session, link, "link.extended", now, {"days": str(days)})


def renew_code(session: Session, link: Link, now: datetime) -> str:
    """Another code; the ones of before are dead. One more use and a week are given where none are left."""
    _refuse_if_paused(link)
    forget_earlier(session, link.id)
    code = _give_code(link, now)
    _save(session, link, "link.code_renewed", now)
    return code


def add_code(session: Session, link: Link, reminded_at: datetime | None, now: datetime) -> str:
    """A further code, for a reminder. The ones of before work until it is opened.

    `reminded_at`: the last time. Whoever hands the code over leaves the line in the audit trail.
    """
    _refuse_if_paused(link)
    _refuse_if_finished(session, link, "remind of")
    if not link.is_for_one:
        raise Conflict("Several customers may use this link, so there is nobody to remind.")
    if reminded_at and now - reminded_at < REMINDED_LATELY:
        raise Conflict("This customer was reminded a moment ago, so it was not done a second time.")
    keep_earlier(session, link)
    return _give_code(link, now)


def _give_code(link: Link, now: datetime) -> str:
    code = new_code()
    link.code_digest = digest_of_code(code)
    link.uses_allowed = max(link.uses_allowed, link.uses_spent + 1)
    if link.expires_at <= now:
        link.expires_at = now + timedelta(days=DAYS_WHEN_SENT_AGAIN)
    return code


def _refuse_if_paused(link: Link) -> None:
    _refuse_if_closed(link)
    if link.paused_at is not None:
        raise Conflict("This link is paused. Resume it first.")


def _refuse_if_finished(session: Session, link: Link, verb: str) -> None:
    if link.is_finished(progress_of(session, [link.id])[link.id]):
        raise Conflict(f"The customer has finished meanwhile, so there is nothing to {verb}.")


def _refuse_if_closed(link: Link) -> None:
    if link.kind == LinkKind.SMILE:
        raise Conflict("A Smile Link is kept by Smile, where it can only be disabled.")
    if link.revoked_at is not None:
        raise Conflict("This link was revoked for good. Make a new one.")
    if link.erased_at is not None:
        raise Conflict("The customer of this link was erased. Make a new one.")


def _save(session: Session, link: Link, action: str, now: datetime, details: dict[str, str] | None = None) -> None:
    link.changed(now)
    session.add(link)
    record(session, action, f"link {link.id}", now, details=details)
