"""What staff do with existing links: pause, resume, revoke and extend them, or give them a new code."""

from datetime import datetime, timedelta

from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.errors import Conflict
from dashboard.links.codes import digest_of_code, forget_earlier_codes, keep_earlier_code, new_code
from dashboard.links.models import Link, LinkKind
from dashboard.links.queries import progress_of

DAYS_WHEN_SENT_AGAIN = 7
#: So that two members who remind the same customer at the same time send one reminder.
REMINDED_LATELY = timedelta(minutes=1)


def pause_link(session: Session, link: Link, now: datetime) -> None:
    """Pauses a link: nobody can start or continue until it is resumed. Submitted verifications go on."""
    _refuse_if_closed(link)
    if link.paused_at is not None:
        raise Conflict("This link is already paused.")
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
    """Revokes a link for good. Submitted verifications are still followed to their end."""
    _refuse_if_closed(link)
    link.revoked_at = now
    _save(session, link, "link.revoked", now)


def extend_link(session: Session, link: Link, days: int, now: datetime) -> None:
    """Extends a link by `days`, counted from now where it has expired."""
    _refuse_if_closed(link)
    _refuse_if_finished(session, link, "extend")
    link.expires_at = max(link.expires_at, now) + timedelta(days=days)
    _save(session, link, "link.extended", now, {"days": str(days)})


def renew_code(session: Session, link: Link, now: datetime) -> str:
    """Replaces the code; all earlier codes stop working. Adds a use and a week where none are left."""
    _refuse_if_paused(link)
    forget_earlier_codes(session, link.id)
    code = _give_code(link, now)
    _save(session, link, "link.code_renewed", now)
    return code


def add_code(session: Session, link: Link, reminded_at: datetime | None, now: datetime) -> str:
    """Adds a code for a reminder. The earlier ones work until it is opened.

    `reminded_at`: the time of the last reminder. The caller records the reminder in the audit trail.
    """
    _refuse_if_paused(link)
    _refuse_if_finished(session, link, "remind of")
    if not link.is_for_one:
        raise Conflict("Several customers may use this link, so there is nobody to remind.")
    if reminded_at and now - reminded_at < REMINDED_LATELY:
        raise Conflict("This customer was reminded a moment ago, so no second reminder was sent.")
    keep_earlier_code(session, link)
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
        raise Conflict(f"The customer has finished in the meantime, so there is nothing to {verb}.")


def _refuse_if_closed(link: Link) -> None:
    if link.kind == LinkKind.SMILE:
        may_be_disabled = "" if link.is_out_of_reach else " It can only be disabled."
        raise Conflict(f"Smile keeps this Smile Link, so it cannot be changed here.{may_be_disabled}")
    if link.revoked_at is not None:
        raise Conflict("This link was revoked for good. Make a new one.")
    if link.erased_at is not None:
        raise Conflict("The customer of this link was erased. Make a new one.")


def _save(session: Session, link: Link, action: str, now: datetime, details: dict[str, str] | None = None) -> None:
    link.changed(now)
    session.add(link)
    record(session, action, f"link {link.id}", now, details=details)
