"""Smile Links: Smile's own pages without code, as a second kind of link. Made, disabled and counted through its API.

The row comes first and Smile is asked after the commit: a repeated call would make a second link at Smile, so before
another try Smile's list is searched for one of ours.

https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.db import new_id
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.clients import SmileClients
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.creation import MOST_DAYS, LinkRequest, choices_as_json
from dashboard.links.hosted import partner_details
from dashboard.links.models import Link, LinkKind
from dashboard.smile.constants import LINK_METHODS
from dashboard.stored_settings import Branding

COUNTERS = ("total_jobs", "successful_jobs", "failed_jobs")
LOST = "Smile's answer was lost, so nobody knows whether the link was made. Try again: what Smile has is taken over."


def draft_smile_link(session: Session, wanted: LinkRequest, settings: Settings, created_by: str, now: datetime) -> Link:
    """The row alone, before Smile is asked. Raises Invalid."""
    pressed_before = session.exec(select(Link).where(Link.form_key == wanted.form_key)).first()
    if wanted.form_key and pressed_before:
        return pressed_before
    wrong = _wrong_fields(wanted)
    if wrong:
        raise Invalid(wrong)
    link = Link(
        id=new_id(),
        environment=settings.environment,
        kind=LinkKind.SMILE,
        code_digest=digest_of_code(new_code()),  # of no address: this kind is opened at Smile
        choices=choices_as_json(wanted.choices),
        customer_reference=wanted.customer_reference,
        user_id=wanted.user_id,
        expires_at=now + timedelta(days=wanted.expires_in_days),
        uses_allowed=wanted.uses,
        form_key=wanted.form_key,
        created_by=created_by,
        created_at=now,
        changed_at=now,
    )
    session.add(link)
    record(session, "link.created", f"link {link.id}", now, details={"kind": link.kind.value})
    return link


def details_for_smile(link: Link, branding: Branding, settings: Settings) -> dict[str, Any]:
    """What Smile is asked to make. Results go to Smile's portal, and here as callbacks."""
    partner = partner_details(branding, settings)
    return {
        "name": name_at_smile(link),
        "company_name": partner["name"],
        "logo_url": partner["logo_url"],
        "data_privacy_policy_url": partner["policy_url"],
        "callback_url": f"{settings.public_url}/hooks/smile",
        "id_types": link.choices,
        "is_single_use": link.uses_allowed == 1,
        "partner_params": {"link_id": str(link.id)},
        "expires_at": link.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        **({"user_id": link.user_id} if link.user_id else {}),
    }


def name_at_smile(link: Link) -> str:
    """By which it stands in Smile's portal; its end is ours alone."""
    return f"{link.customer_reference or 'Partner Desk'} {str(link.id)[-12:]}"


def find_at_smile(clients: SmileClients, link: Link) -> dict[str, Any] | None:
    """Smile's own record of this link, if it was made before. Raises SmileError."""
    answer = clients.smile_links.list()
    found = answer.get("links")
    rows = found if isinstance(found, list) else []
    return next((row for row in rows if isinstance(row, dict) and row.get("name") == name_at_smile(link)), None)


def note_made(session: Session, link: Link, answer: Mapping[str, Any], now: datetime) -> None:
    """What Smile answered, whether it made the link now or had it already."""
    link.smile_ref_id, link.smile_address = str(answer["ref_id"]), str(answer["link"])
    link.last_error = link.last_error_at = None
    link.changed(now)
    session.add(link)


def note_problem(session: Session, link: Link, reason: str, now: datetime) -> None:
    link.last_error, link.last_error_at = reason, now
    link.changed(now)
    session.add(link)


def note_disabled(session: Session, link: Link, now: datetime) -> None:
    if link.revoked_at is not None:
        raise Conflict("This link was disabled already.")
    link.revoked_at = now
    link.last_error = link.last_error_at = None
    link.changed(now)
    session.add(link)
    record(session, "link.revoked", f"link {link.id}", now, details={"kind": link.kind.value})


def note_counters(session: Session, link: Link, answer: Mapping[str, Any], now: datetime) -> None:
    before = (link.smile_total_jobs, link.smile_successful_jobs, link.smile_failed_jobs)
    counted = tuple(_count(answer.get(name)) for name in COUNTERS)
    link.smile_total_jobs, link.smile_successful_jobs, link.smile_failed_jobs = counted
    link.smile_counted_at = now
    if counted != before or link.last_error:
        link.last_error = link.last_error_at = None
        link.changed(now)
    session.add(link)


def _wrong_fields(wanted: LinkRequest) -> dict[str, str]:
    wrong = {}
    if not wanted.choices:
        wrong["product"] = "Add at least one ID type for the customer to choose."
    elif any(choice.method not in LINK_METHODS for choice in wanted.choices):
        wrong["product"] = "A Smile Link cannot check an ID type in this way."
    elif len({(choice.country, choice.id_type) for choice in wanted.choices}) < len(wanted.choices):
        wrong["product"] = "Each ID type can be checked in one way only."
    if wanted.user_id and wanted.uses > 1:
        wrong["user_id"] = "A link for one user id is for one person; leave it empty, or allow one use."
    if not 1 <= wanted.expires_in_days <= MOST_DAYS:
        wrong["expires_in_days"] = f"Between 1 and {MOST_DAYS} days."
    return wrong


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
