"""A customer's Start: spends a use and makes a job in one transaction, before Smile is asked for a token.

`give_back_use` undoes it when Smile gave no token; `resume_start` lets the same browser continue without another use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.jobs.following.awaiting import WHO, await_customer
from dashboard.jobs.following.setbacks import fail_job
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.problems import Problem, problem_words
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.api_choice import policy_address
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.jobs.submitting.v3_fields import NO_POLICY
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.links.codes import end_earlier_codes, has_earlier_codes, opens_with_code
from dashboard.links.creation import prefill_of
from dashboard.links.models import Link, LinkStart
from dashboard.links.queries import newest_start
from dashboard.smile.constants import SmileApi
from dashboard.web.pages.filters import ENGLISH

#: Long after a token was given or refused: a process that has not noted either by then was killed.
LOST_AFTER = timedelta(seconds=60)


class AlreadyStarted(Conflict):
    """This browser already has a verification under way for this link, for example after a double click."""

    def __init__(self, api: SmileApi) -> None:
        super().__init__("This browser has started already.")
        self.api = api


@dataclass(frozen=True)
class Agreement:
    """What a customer agreed to, word for word, and in which browser."""

    text: str
    language: str
    browser_digest: str


def press_start(
    session: Session, code: str, agreement: Agreement, choice: int | None, settings: Settings, now: datetime
) -> tuple[Link, Job]:
    """Starts a verification for an open link.

    Raises NotFound for a code that does not work, AlreadyStarted, Invalid for a missing choice, and Conflict. Any of
    them rolls back the transaction, so that no use is spent.
    """
    is_spent = spend_use(session, settings.environment, code, now)
    # The UPDATE waits for an earlier one of the same link, so a double click is noticed here.
    if unfinished := unfinished_start(session, settings.environment, code, agreement.browser_digest, now):
        raise AlreadyStarted(unfinished[1].api)
    if not is_spent:
        raise NotFound
    link = session.exec(select(Link).where(opens_with_code(code))).one()
    end_earlier_codes(session, link, code, now)
    product, country, id_type = _chosen(link, choice)
    prefill = prefill_to_send(session, link)
    request = JobRequest(
        product=product,
        api=link.api,
        user_id=link.user_id,
        customer_reference=link.customer_reference,
        country=country,
        id_type=id_type,
        id_number=prefill.pop("id_number", ""),
        person=prefill,
        partner_params=dict(link.partner_params),
    )
    job = await_customer(session, request, settings, link.id, now)
    session.add(
        LinkStart(
            link_id=link.id,
            job_id=job.id,
            browser_digest=agreement.browser_digest,
            language=agreement.language,
            consent_text=agreement.text,
            consented_at=now,
        )
    )
    add_event(session, job, EventKind.CONSENTED, now, {"language": agreement.language, "agreed": agreement.text})
    record(session, "link.started", f"link {link.id}", now, who=WHO, details={"language": agreement.language})
    return link, job


def prefill_to_send(session: Session, link: Link) -> dict[str, str]:
    """The details for Smile's page; empty where they cannot be opened, so that the customer enters them.

    Raises Conflict where unreadable details are locked: the customer could enter others in their place.
    """
    prefill = prefill_of(session, link)
    if prefill is None and link.prefill_is_locked:
        raise Conflict("The details that are filled in and locked cannot be opened. Make a new link.")
    return prefill or {}


def policy_to_send(session: Session, link: Link, settings: Settings) -> str:
    """The address of the privacy policy, which Smile's page of v3 shows beside its consent. Raises Conflict."""
    policy = policy_address(session, settings)
    if link.api == SmileApi.V3 and not policy:
        raise Conflict(NO_POLICY)
    return policy


def spend_use(session: Session, environment: str, code: str, now: datetime) -> bool:
    """Spends a use with one guarded UPDATE, so that simultaneous starts never spend more uses than there are."""
    result = session.connection().execute(
        update(Link)
        .where(col(Link.environment) == environment, opens_with_code(code), Link.is_open(now))
        .values(
            uses_spent=col(Link.uses_spent) + 1,
            opened_at=func.coalesce(col(Link.opened_at), now),
            started_at=func.coalesce(col(Link.started_at), now),
            last_error=None,
            last_error_at=None,
            **_changed(now),
        )
    )
    return result.rowcount == 1


def unfinished_start(
    session: Session, environment: str, code: str, browser_digest: str, now: datetime
) -> tuple[Link, Job] | None:
    """This browser's unfinished verification for this link, if it may still continue."""
    found = newest_start(session, environment, code, browser_digest)
    if found is None:
        return None
    link, _, job = found
    return (link, job) if job.state == JobState.AWAITING_CUSTOMER and link.is_live(now) else None


def resume_start(
    session: Session, code: str, browser_digest: str, settings: Settings, now: datetime
) -> tuple[Link, Job]:
    found = unfinished_start(session, settings.environment, code, browser_digest, now)
    if found is None:
        raise NotFound
    return found


def give_back_use(session: Session, job_id: UUID, found: Problem, now: datetime) -> bool:
    """Ends a job that never got a token, and gives its use back so that the customer can try again. Idempotent."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.link_id is None or job.state != JobState.AWAITING_CUSTOMER or job.step != SendingStep.CREATED:
        return False
    fail_job(session, job, None, None, found, now)
    spent = update(Link).where(col(Link.id) == job.link_id, col(Link.uses_spent) > 0)
    session.connection().execute(spent.values(uses_spent=col(Link.uses_spent) - 1))
    note_link_error(session, job.link_id, problem_words(found, ENGLISH), now)
    return True


def note_link_error(session: Session, link_id: UUID, reason: str, now: datetime) -> None:
    """Stores the reason for staff; the customer only reads that it did not work just now."""
    statement = update(Link).where(col(Link.id) == link_id)
    session.connection().execute(statement.values(last_error=reason, last_error_at=now, **_changed(now)))


def is_opening_news(session: Session, link: Link) -> bool:
    """Whether `note_opened` might change anything."""
    return link.opened_at is None or has_earlier_codes(session, link.id)


def note_opened(session: Session, environment: str, code: str, now: datetime) -> None:
    """Notes that a browser has shown the page with its images, which link previews rarely load."""
    is_it = Link.environment == environment, opens_with_code(code), Link.is_open(now)
    link = session.exec(select(Link).where(*is_it).with_for_update()).first()
    if link is None:
        return
    if link.opened_at is None:
        link.opened_at = now
        link.changed(now)
    end_earlier_codes(session, link, code, now)


def starts_without_token(session: Session, environment: str, now: datetime, limit: int) -> Sequence[UUID]:
    """The jobs for the sweep to wake: the process that asked for the token was killed, and the use is still spent."""
    return session.exec(
        select(Job.id)
        .where(Job.environment == environment, Job.state == JobState.AWAITING_CUSTOMER, Job.step == SendingStep.CREATED)
        .where(col(Job.link_id).is_not(None), col(Job.created_at) < now - LOST_AFTER)
        .limit(limit)
    ).all()


def _chosen(link: Link, choice: int | None) -> tuple[Product, str, str]:
    if link.product is not None:
        return link.product, link.country or "", link.id_type or ""
    offered = link.offered()
    if choice is None or not 0 <= choice < len(offered):
        raise Invalid({"choice": "choice_missing"})
    return offered[choice].product, offered[choice].country, offered[choice].id_type


def _changed(now: datetime) -> dict[str, object]:
    """`Link.changed` for the database."""
    return {"version": col(Link.version) + 1, "changed_at": now}
