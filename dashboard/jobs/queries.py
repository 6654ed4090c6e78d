"""Queries about jobs and what belongs to them, always within this deployment's environment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from dashboard.crypto import KeyRing
from dashboard.db import keyring_of, once_per_change
from dashboard.errors import NotFound
from dashboard.jobs.dealt_with import DealtWith, dealt_with_of
from dashboard.jobs.embedded_images import EmbeddedImage, find_embedded_images
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Image, Job, JobEvent, Outcome, Result, payload_associated_data
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.products import ENROLLING
from dashboard.jobs.smile_actions.fraud import report_in_force
from dashboard.jobs.smile_actions.models import FraudReport
from dashboard.jobs.timeline import CALLBACK_FACTS, OF_CALLBACKS
from dashboard.jobs.warnings import JobWarning, warnings_of
from dashboard.smile.constants import SmileApi
from dashboard.smile.results import plain
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.pagination import PAGE_SIZE
from dashboard.web.lists.reading import counts_of

#: What a job's page reads, built once: an open page asks for it again and again.
_OF_JOB: Any = bindparam("job_id")
VERSION = select(Job.version).where(Job.id == _OF_JOB, Job.environment == bindparam("environment"))
RESULTS = select(Result).where(Result.job_id == _OF_JOB).order_by(col(Result.id))
EVENTS = select(JobEvent).where(JobEvent.job_id == _OF_JOB).order_by(col(JobEvent.at), col(JobEvent.id))
IMAGES = select(Image).where(Image.job_id == _OF_JOB).order_by(col(Image.id))


def needs_you(scope: Scope) -> dict[str, int]:
    """How many jobs need a person, by kind of need; kinds without jobs are left out."""
    needs = [JobFilter(needs=name) for name in NEEDS]
    counts = once_per_change(scope.session, ("needs", scope.environment), lambda: counts_of(scope, needs))
    return {name: count for name, count in zip(NEEDS, counts, strict=True) if count}


def find_job(session: Session, environment: str, job_id: UUID, *, to_change: bool = False) -> Job:
    """The job, or NotFound. `to_change` locks the row, since the worker may be claiming or saving it."""
    job = session.get(Job, job_id, with_for_update=to_change)
    if job is None or job.environment != environment:
        raise NotFound("There is no such job here.")
    return job


def version_of(session: Session, environment: str, job_id: UUID) -> int:
    found = session.connection().execute(VERSION, {"job_id": job_id, "environment": environment}).first()
    if found is None:
        raise NotFound("There is no such job here.")
    return int(found.version)


def enrolled_users(session: Session, environment: str) -> Sequence[str]:
    """User ids that can be authenticated, the last enrolled first."""
    job_types = [facts.job_type for facts in ENROLLING.values()]
    return session.exec(
        select(Job.user_id)
        .where(Job.environment == environment, Job.outcome == Outcome.APPROVED, col(Job.job_type).in_(job_types))
        .where(col(Job.erased_at).is_(None))
        .group_by(Job.user_id)
        .order_by(func.max(Job.settled_at).desc())
        .limit(PAGE_SIZE)
    ).all()


@dataclass(frozen=True)
class JobDetails:
    """One job with everything that its page shows, newest results last. A result that cannot be opened is empty."""

    job: Job
    events: Sequence[JobEvent]
    results: Sequence[tuple[Result, dict[str, Any]]]
    images: Sequence[Image]
    warnings: Sequence[JobWarning]
    dealt_with: Sequence[tuple[DealtWith, str]]
    unreadable: frozenset[UUID] = frozenset()  # ids of the results that cannot be opened
    fraud: FraudReport | None = None  # about its user, and in force

    @property
    def payload(self) -> dict[str, Any]:
        """The newest confirmed answer, else the newest claim."""
        newest = self._newest
        return newest[1] if newest else {}

    @property
    def is_payload_unreadable(self) -> bool:
        newest = self._newest
        return newest is not None and newest[0].id in self.unreadable

    @property
    def _newest(self) -> tuple[Result, dict[str, Any]] | None:
        confirmed = [each for each in self.results if each[0].is_confirmed]
        return next(iter(reversed(confirmed or self.results)), None)

    @property
    def answered_at(self) -> datetime | None:
        """When Smile last answered one of our requests with a result."""
        return max((result.received_at for result, _ in self.results if result.is_confirmed), default=None)

    @property
    def claim(self) -> Result | None:
        """What callbacks claim: the newest final claim, else the newest one."""
        claims = [result for result, _ in self.results if not result.is_confirmed and result.outcome]
        return max(claims, key=lambda claim: (claim.is_final, claim.id), default=None)

    @property
    def with_images(self) -> tuple[Result, list[EmbeddedImage]] | None:
        """The newest answer that contains images, such as the authority's photo; a confirmed one if there is one."""
        found = [(result, find_embedded_images(payload)) for result, payload in self.results]
        found = sorted((each for each in found if each[1]), key=lambda each: each[0].is_confirmed)
        return found[-1] if found else None

    @property
    def callbacks(self) -> list[dict[str, Any]]:
        """The callbacks by their last lines on this job's timeline; the `callbacks` slice keeps the bodies."""
        noted = [event.facts for event in self.events if event.kind in OF_CALLBACKS]
        last = {facts["callback_id"]: facts for facts in noted}
        return [{name: facts[name] for name in CALLBACK_FACTS if name in facts} for facts in last.values()]


def job_details(session: Session, job: Job) -> JobDetails:
    keyring = keyring_of(session)
    of_job = {"job_id": job.id}
    results = session.exec(RESULTS, params=of_job).all()
    payloads = {row.id: {} if row.erased_at else _payload_of(keyring, row) for row in results}
    return JobDetails(
        job,
        session.exec(EVENTS, params=of_job).all(),
        [(row, payloads[row.id] or {}) for row in results],
        session.exec(IMAGES, params=of_job).all(),
        warnings_of(session, [job.id]).get(job.id, []),
        dealt_with_of(session, job),
        frozenset(row_id for row_id, payload in payloads.items() if payload is None),
        report_in_force(session, job) if job.api == SmileApi.V3 else None,
    )


def _payload_of(keyring: KeyRing, result: Result) -> dict[str, Any] | None:
    """The result's payload; None where it cannot be opened."""
    opened = keyring.open_or_none(result.payload_sealed, payload_associated_data(result.id))
    if opened is None:
        return None
    payload = plain(json.loads(opened))
    return payload if isinstance(payload, dict) else {}


def find_image(session: Session, job: Job, image_id: UUID) -> Image:
    image = session.get(Image, image_id)
    if image is None or image.job_id != job.id:
        raise NotFound("There is no such image here.")
    return image
