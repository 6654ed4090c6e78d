"""Smile Links, the second kind of link: made, disabled and counted through Smile's API; v3_links.py has those of v3.

The row is committed first, and then Smile is asked. A repeated call would make a second link at Smile, so Smile's list
is searched for ours before another try.

https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.db import new_id
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.smile_api.api_choice import policy_address
from dashboard.jobs.smile_api.refusals import explain_refusal
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.jobs.submitting.v3_fields import NO_POLICY
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.creation import LinkRequest, api_of_link, choices_as_json, link_of_form, problem_with_days
from dashboard.links.customer.hosted import partner_details
from dashboard.links.models import Link, LinkKind
from dashboard.smile import Refused, SmileError, SmileLinks
from dashboard.smile.constants import LINK_METHODS, SmileApi
from dashboard.stored_settings import Branding

OUT_OF_REACH = "Smile's v3 API can neither count the uses of a link nor change or disable it."
COUNTERS = ("total_jobs", "successful_jobs", "failed_jobs")


@dataclass(frozen=True)
class CreatedSmileLink:
    ref_id: str
    address: str


@dataclass(frozen=True)
class SmileLinkFailed:
    reason: str
    may_exist: bool  # Smile may still have made it


def draft_smile_link(
    session: Session, request: LinkRequest, settings: Settings, created_by: str, now: datetime
) -> Link:
    """Saves the row, before Smile is asked. Raises Invalid."""
    pressed_before = link_of_form(session, request.form_key)
    if pressed_before:
        return pressed_before
    api, wrong = api_of_link(session, settings, request), _wrong_fields(request)
    if api == SmileApi.V3 and not policy_address(session, settings):
        wrong["product"] = NO_POLICY
    if wrong:
        raise Invalid(wrong)
    link = Link(
        id=new_id(),
        environment=settings.environment,
        kind=LinkKind.SMILE,
        api=api,
        code_digest=digest_of_code(new_code()),  # unused, since this kind is opened at Smile
        choices=choices_as_json(request.choices),
        customer_reference=request.customer_reference,
        user_id=request.user_id,
        expires_at=now + timedelta(days=request.expires_in_days),
        uses_allowed=request.uses,
        form_key=request.form_key,
        created_by=created_by,
        created_at=now,
        changed_at=now,
    )
    session.add(link)
    try:
        session.flush()
    except IntegrityError:  # The same form, sent twice at once.
        raise Conflict("This form was sent twice; you find the link in the list.") from None
    details = {"kind": link.kind.value, "api": api.value}
    record(session, "link.created", f"link {link.id}", now, details=details)
    return link


def details_for_smile(link: Link, branding: Branding, settings: Settings) -> dict[str, Any]:
    """The link to make, for Smile's API. Its results go to Smile's portal, and here as callbacks."""
    partner = partner_details(branding, settings)
    return {
        "name": name_at_smile(link),
        "company_name": partner["name"],
        "logo_url": partner["logo_url"],
        "data_privacy_policy_url": partner["policy_url"],
        "callback_url": hook_address(settings),
        "id_types": link.choices,
        "is_single_use": link.uses_allowed == 1,
        "partner_params": {"link_id": str(link.id)},
        "expires_at": link.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        **({"user_id": link.user_id} if link.user_id else {}),
    }


def name_at_smile(link: Link) -> str:
    """The link's name in Smile's portal; its end makes it unique."""
    return f"{link.customer_reference or 'Partner Desk'} {str(link.id)[-12:]}"


def begin_creation(session: Session, link: Link, now: datetime) -> bool:
    """Notes that Smile is about to be asked; returns whether an earlier call may have made the link already."""
    if link.smile_ref_id is not None or link.revoked_at is not None:
        raise Conflict("There is nothing left to make.")
    if link.is_being_made(now):
        raise Conflict("Smile is being asked right now. Reload the page in a moment.")
    may_exist = link.smile_asked_at is not None
    link.smile_asked_at = now
    link.last_error = link.last_error_at = None
    _save(session, link, now)
    return may_exist


def make_or_find(client: SmileLinks, details: Mapping[str, Any], may_exist: bool) -> CreatedSmileLink | SmileLinkFailed:
    """Makes the link at Smile, or takes over the one that an earlier call made."""
    if may_exist:
        try:
            listed = _listed(client.list())
        except SmileError as error:
            return SmileLinkFailed(f"Smile's list of links could not be read. {explain(error)}", may_exist)
        if listed is None:
            return SmileLinkFailed("Smile's list of links could not be understood.", may_exist)
        for row in listed:
            known = _read_made(row) if row.get("name") == details["name"] else None
            if known:
                return known
    try:
        answer = client.create(details)
    except SmileError as error:
        return SmileLinkFailed(explain(error), error.maybe_sent)
    return _read_made(answer) or SmileLinkFailed("Smile's answer contains no address.", True)


def note_outcome(session: Session, link: Link, outcome: CreatedSmileLink | SmileLinkFailed, now: datetime) -> None:
    if isinstance(outcome, SmileLinkFailed):
        if not outcome.may_exist:
            link.smile_asked_at = None
        return note_problem(session, link, outcome.reason, now)
    link.smile_ref_id, link.smile_address = outcome.ref_id, outcome.address
    link.last_error = link.last_error_at = None
    _save(session, link, now)
    record(session, "link.made_at_smile", f"link {link.id}", now)
    return None


def note_problem(session: Session, link: Link, reason: str, now: datetime) -> None:
    link.last_error, link.last_error_at = reason, now
    _save(session, link, now)


def note_disabled(session: Session, link: Link, now: datetime) -> None:
    if link.revoked_at is not None:
        raise Conflict("This link is already disabled.")
    if link.is_out_of_reach:
        raise Conflict(OUT_OF_REACH)
    if link.is_being_made(now):
        raise Conflict("Smile is making the link right now. Reload the page in a moment.")
    link.revoked_at = now
    link.last_error = link.last_error_at = None
    _save(session, link, now)
    record(session, "link.revoked", f"link {link.id}", now, details={"kind": link.kind.value})


def note_counters(session: Session, link: Link, answer: Mapping[str, Any], now: datetime) -> None:
    """Stores Smile's counts, and notes if the link was disabled in Smile's portal."""
    before = (link.smile_total_jobs, link.smile_successful_jobs, link.smile_failed_jobs)
    counted = tuple(_count(answer.get(name)) for name in COUNTERS)
    link.smile_total_jobs, link.smile_successful_jobs, link.smile_failed_jobs = counted
    link.smile_counted_at = now
    if answer.get("disabled_at") and link.revoked_at is None:
        return note_disabled(session, link, now)
    if counted != before or link.last_error:
        link.last_error = link.last_error_at = None
        link.changed(now)
    session.add(link)
    return None


def explain(error: SmileError) -> str:
    return explain_refusal(error) if isinstance(error, Refused) else str(error)


def _save(session: Session, link: Link, now: datetime) -> None:
    link.changed(now)
    session.add(link)


def _listed(answer: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The links in Smile's answer. The name of the list is not documented, so the first list is taken."""
    found = next((value for value in answer.values() if isinstance(value, list)), None)
    return None if found is None else [row for row in found if isinstance(row, dict)]


def _read_made(answer: Mapping[str, Any]) -> CreatedSmileLink | None:
    ref_id, address = answer.get("ref_id"), answer.get("link")
    if not isinstance(ref_id, str) or not ref_id or not isinstance(address, str):
        return None
    return CreatedSmileLink(ref_id, address) if is_address(address) else None


def is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _wrong_fields(request: LinkRequest) -> dict[str, str]:
    wrong = {}
    if not request.choices:
        wrong["product"] = "Add at least one ID type for the customer to choose."
    elif any(choice.method not in LINK_METHODS for choice in request.choices):
        wrong["product"] = "A Smile Link cannot check an ID type in this way."
    elif len({(choice.country, choice.id_type) for choice in request.choices}) < len(request.choices):
        wrong["product"] = "Each ID type can be checked in one way only."
    if request.user_id and request.uses > 1:
        wrong["user_id"] = "A link with a user id is for one person: allow one use, or leave the user id empty."
    if problem := problem_with_days(request.expires_in_days):
        wrong["expires_in_days"] = problem
    return wrong


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
