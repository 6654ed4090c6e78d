"""Saving new jobs: `submit_job` stores what to submit; `send_to_smile` later carries it out in steps.

Every step is committed before the next begins. A submission is charged, so it is never blindly repeated: when a call
may have arrived without an answer, Smile is first asked about the job id.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import keyring_of, new_id
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.models import Job, JobState, job_associated_data
from dashboard.jobs.name_search.parts import add_name_parts
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.api_choice import api_of
from dashboard.jobs.submitting.callback_keys import callback_key, digest_of_key
from dashboard.jobs.submitting.media import GivenImage, store_image
from dashboard.jobs.submitting.phones import phone_of_person
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile.constants import SmileApi

JOB_ID_TAKEN = "This job id is taken. Leave it empty to get a new one."


@dataclass(frozen=True)
class JobRequest:
    """The job to make, already checked by the form (or made by a link)."""

    product: Product
    api: SmileApi | None = None  # None: the one that is chosen now
    user_id: str = ""
    job_id: str = ""
    customer_reference: str = ""
    country: str = ""
    id_type: str = ""
    id_number: str = ""
    person: dict[str, Any] = field(default_factory=dict)  # names, dates, consent: the rest of Smile's id_info
    partner_params: dict[str, str] = field(default_factory=dict)
    images: tuple[GivenImage, ...] = ()
    form_key: UUID | None = None  # identifies the form, so that sending it twice makes one job
    again_of: UUID | None = None  # the earlier job that the form was filled from


def submit_job(session: Session, request: JobRequest, settings: Settings, submitted_by: str, now: datetime) -> Job:
    """Saves the job with its images, due at once. The caller must wake the worker after the commit."""
    if not request.job_id and request.form_key:
        pressed_before = find_by_job_id(session, settings.environment, f"job-{request.form_key}")
        if pressed_before:
            return pressed_before
    job = new_job(session, request, settings, JobState.QUEUED, submitted_by, now)
    job.due_at = now
    for given in request.images:
        store_image(session, settings.media_dir, job, given, now)
    facts = {"by": submitted_by}
    earlier = session.get(Job, request.again_of) if request.again_of else None
    if earlier and earlier.environment == job.environment:
        facts["again_of"] = str(earlier.id)
    add_event(session, job, EventKind.CREATED, now, facts)
    details = {"product": job.product.value}
    if not request.job_id:  # A typed id may describe the customer, and the trail is never erased.
        details["job_id"] = job.job_id
    record(session, "job.created", f"job {job.id}", now, who=job.created_by, details=details)
    return job


def new_job(
    session: Session, request: JobRequest, settings: Settings, state: JobState, created_by: str, now: datetime
) -> Job:
    """The row alone, with its own callback address and nothing due yet."""
    row_id = new_id()
    job = Job(
        id=row_id,
        environment=settings.environment,
        product=request.product,
        api=request.api or api_of(session, settings, request.product),
        job_type=FACTS[request.product].job_type,
        user_id=request.user_id or f"user-{uuid4()}",
        job_id=request.job_id or f"job-{request.form_key or uuid4()}",
        customer_reference=request.customer_reference,
        state=state,
        country=request.country or None,
        id_type=request.id_type or None,
        partner_params=request.partner_params,
        created_by=created_by,
        created_at=now,
        changed_at=now,
        callback_key_digest=digest_of_key(callback_key(settings.secret_key.get_secret_value(), row_id)),
    )
    if find_by_job_id(session, job.environment, job.job_id):
        raise Invalid({"job_id": JOB_ID_TAKEN})
    keyring = keyring_of(session)
    if request.id_number:
        job.id_number_sealed = keyring.seal(request.id_number.encode(), identity(job, "id_number"))
        job.id_number_digest = keyring.digest_of_number(request.id_number)
    if request.person:
        job.person_sealed = keyring.seal_json(request.person, identity(job, "person"))
        if phone := phone_of_person(request.person):
            job.phone_digest = keyring.digest_for_search(phone)
    session.add(job)
    try:
        session.flush()
    except IntegrityError:  # Another request took the id in the meantime.
        raise Invalid({"job_id": JOB_ID_TAKEN}) from None
    add_name_parts(session, job, request.person, now)
    return job


def find_by_job_id(session: Session, environment: str, job_id: str) -> Job | None:
    return session.exec(select(Job).where(Job.environment == environment, Job.job_id == job_id)).first()


def cancel_job(session: Session, job: Job, cancelled_by: str, now: datetime) -> None:
    """Cancels a job if nothing was sent yet: once Smile may know it, it is charged and followed to its end."""
    if not job.may_cancel or job.lease is not None:
        raise Conflict("This job is already on its way to Smile, so it can no longer be cancelled.")
    job.state = JobState.CANCELLED
    job.due_at = None
    job.settled_at = now
    job.changed(now)
    add_event(session, job, EventKind.CANCELLED, now, {"by": cancelled_by})
    record(session, "job.cancelled", f"job {job.id}", now, who=cancelled_by)


def identity(job: Job, name: str) -> str:
    """The identity that a sealed value of this job is bound to."""
    return job_associated_data(job.id, name)


def id_number_of(session: Session, job: Job) -> str:
    if job.id_number_sealed is None:
        return ""
    return keyring_of(session).open(job.id_number_sealed, identity(job, "id_number")).decode()


def person_of(session: Session, job: Job) -> dict[str, Any]:
    if job.person_sealed is None:
        return {}
    person: dict[str, Any] = keyring_of(session).open_json(job.person_sealed, identity(job, "person"))
    return person


@dataclass(frozen=True)
class GivenData:
    """What was given about the customer; each part is None where it cannot be opened."""

    id_number: str | None
    person: dict[str, Any] | None

    @property
    def shown_number(self) -> str:
        return CANNOT_BE_OPENED if self.id_number is None else self.id_number

    @property
    def texts(self) -> dict[str, str]:
        """The person's texts by field; empty where they cannot be opened."""
        return {name: value for name, value in (self.person or {}).items() if isinstance(value, str)}


def given_data(session: Session, job: Job) -> GivenData:
    """What was given, to be shown. What is sent to Smile comes from the two functions above, which raise."""
    keyring = keyring_of(session)
    number: bytes | None = b""
    if job.id_number_sealed is not None:
        number = keyring.open_or_none(job.id_number_sealed, identity(job, "id_number"))
    person: dict[str, Any] | None = {}
    if job.person_sealed is not None:
        person = keyring.open_json_or_none(job.person_sealed, identity(job, "person"))
    return GivenData(None if number is None else number.decode(), person)
