"""What the page of one link shows, after any action."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import render_template
from sqlmodel import Session

from dashboard.context import current, reading
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import utc_now
from dashboard.jobs.products import WEB_PRODUCTS
from dashboard.jobs.submitting.fields import FIELDS
from dashboard.jobs.submitting.v3_fields import field_of
from dashboard.jobs.warnings import warnings_of
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.codes import digest_of_code, has_earlier_codes
from dashboard.links.creation import link_address, prefill_of
from dashboard.links.messages import SentMessage, sent_of, version_of_mails
from dashboard.links.models import Link, Progress
from dashboard.links.queries import find_link, jobs_of, progress_of
from dashboard.links.sharing import share_link
from dashboard.links.staff.wording import timeline_of, verdict_of
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding


@dataclass(frozen=True)
class MailForm:
    """The e-mail form after an error: what was typed, and what is wrong with it."""

    part: str = ""  # which of the two forms on the page: "mail" or "reminder"
    email: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def link_page(link_id: UUID, code: str, mail_form: MailForm | None = None) -> str:
    """The link's page. `code`: the newest code, if this browser has it; the page then shows the address."""
    context = link_context(link_id)
    link, share = context["link"], None
    with reading() as session:
        branding = read_branding(session, current().settings)
    if code and digest_of_code(code) == link.code_digest:
        share = share_link(link, branding, link_address(current().settings, code), context["is_of_reminder"])
    given = {"share": share, "code": code, "branding": branding, "mail_form": mail_form or MailForm()}
    return render_template("links/show.html", **(context | given))


def link_context(link_id: UUID) -> dict[str, Any]:
    """What the live part of the page shows, without the code."""
    now = utc_now()
    with reading() as session:
        link = find_link(session, current().settings.environment, link_id)
        progress = progress_of(session, [link_id])[link_id]
        jobs = jobs_of(session, link_id)
        warnings = warnings_of(session, [job.id for job, _ in jobs])
        prefilled = prefill_of(session, link)
        sent = sent_of(session, link_id)
        version = version_of_link(session, link, progress)
        old_works = has_earlier_codes(session, link_id) and link.is_open(now)
    stage = link.stage(progress, now)
    return {
        "link": link,
        "progress": progress,
        "stage": stage,
        "verdict": verdict_of(stage, progress, jobs, warnings, now),
        "is_stalled": link.is_stalled(progress, now),
        "is_finished": link.is_finished(progress),
        "jobs": jobs,
        "prefilled": [CANNOT_BE_OPENED] if prefilled is None else list(prefill_with_labels(prefilled, link)),
        "sent": sent,
        "known_email": _last_masked(sent),
        "is_of_reminder": bool(sent) and sent[-1].message.is_reminder,
        "timeline": timeline_of(link, progress, jobs, sent),
        "old_works": old_works,
        "version": version,
        "moment_now": now,
        "LANGUAGES": LANGUAGE_NAMES,
        "products": WEB_PRODUCTS,
        "share": None,
        "mail_form": MailForm(),
    }


def version_of_link(session: Session, link: Link, progress: Progress) -> int:
    """A number that changes with the link, its jobs or its e-mails."""
    return link.version + progress.version + version_of_mails(session, link.id)


def prefill_with_labels(prefill: dict[str, str] | None, link: Link) -> dict[str, str]:
    if prefill is None:
        return {"Details": CANNOT_BE_OPENED}
    own = {name: field_of(name, "") for name in prefill} if link.api == SmileApi.V3 else {}
    return {(own.get(name) or FIELDS[name]).label: value for name, value in prefill.items()}


def _last_masked(sent: list[SentMessage]) -> str:
    """The masked address that a reminder would go to again."""
    return next((each.masked_email for each in reversed(sent) if each.email not in ("", CANNOT_BE_OPENED)), "")
