"""Erases a link's personal data. Its maker, and that it was made and used, are kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.errors import Conflict
from dashboard.jobs.erasing import ERASED
from dashboard.links.codes import forget_earlier_codes
from dashboard.links.managing import revoke_link
from dashboard.links.messages import erase_emails
from dashboard.links.models import Link, LinkKind, LinkStart, WebToken


def erase_prefill(link: Link, now: datetime) -> None:
    link.prefill_sealed, link.prefill_is_locked = None, False
    link.changed(now)


def erase_link(session: Session, link: Link, now: datetime) -> None:
    """Erases the customer's data. A link that still works is revoked first, so that the person cannot return by it."""
    if link.is_live(now) and link.kind == LinkKind.HOSTED:
        revoke_link(session, link, now)
    link.customer_reference = ERASED if link.customer_reference else ""
    link.user_id, link.partner_params, link.last_error = "", {}, None
    link.erased_at = now
    erase_prefill(link, now)
    erase_emails(session, link.id)
    forget_earlier_codes(session, link.id)


def refuse_live_smile_link(link: Link, now: datetime) -> None:
    """Raises Conflict for a Smile Link that still works: it must first be disabled at Smile."""
    if link.kind == LinkKind.SMILE and link.is_live(now):
        raise Conflict("A Smile Link of this person still works. Disable it on its page first.")


def erase_starts(session: Session, job_ids: Sequence[UUID]) -> None:
    """Erases which browser it was. The text that was agreed to, and when, stays as proof of the consent."""
    for start in session.exec(select(LinkStart).where(col(LinkStart.job_id).in_(job_ids))).all():
        start.browser_digest = ""


def erase_token(token: WebToken) -> None:
    token.user_id = token.job_id = ERASED
    token.callback_url = ""
