"""Reads for lists, filters and counts. Every one stays within the environment that this deployment works in."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func
from sqlmodel import Session, col, select

from dashboard.crypto import KeyRing
from dashboard.db import Read, keyring_of
from dashboard.errors import NotFound
from dashboard.jobs.dealt_with import DealtWith, dealt_with_of
from dashboard.jobs.embedded_pictures import EmbeddedPicture, find_pictures
from dashboard.jobs.models import Image, Job, JobEvent, JobState, Outcome, Result, payload_identity
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.products import ENROLLING, Product
from dashboard.jobs.searches import (
    any_of,
    begins_with,
    has_number,
    is_just,
    is_number_of_job,
    kept_number,
    means,
    number_for_address,
)
from dashboard.jobs.timeline import CALLBACK_FACTS, OF_CALLBACKS
from dashboard.jobs.warnings import JobWarning, warnings_of
from dashboard.smile.results import plain
from dashboard.web.pagination import COUNT_CAP, PAGE_SIZE, Page
from dashboard.web.searches import SearchFilter

TAKEN_OUT_AT_ONCE = 500


@dataclass(frozen=True)
class JobFilter(SearchFilter):
    purpose = "jobs"

    state: str = ""
    outcome: str = ""
    product: str = ""
    country: str = ""
    needs: str = ""
    number: str = ""  # the keyed digest of an ID number
    phone: str = ""  # the keyed digest of a phone number

    @property
    def is_empty(self) -> bool:
        return self == JobFilter()

    def for_address(self, session: Session, environment: str) -> "JobFilter":
        """What was typed into the search box, without an ID number in it."""
        is_id = bool(self.q) and _is_id(session, environment, self.q)
        number = number_for_address(
            session, self.q, lambda digests: is_number_of_job(session, environment, digests), is_id
        )
        return replace(self, q="" if number else self.q, number=number or kept_number(self.number))

    def conditions(self, session: Session, environment: str, now: datetime) -> list[ColumnElement[bool]]:
        """Nonsense in the address finds nothing, rather than everything."""
        here = col(Job.environment) == environment
        found = [here]
        for column, value, known in (
            (col(Job.state), self.state, JobState),
            (col(Job.outcome), self.outcome, Outcome),
            (col(Job.product), self.product, Product),
        ):
            if value:
                found.append(column == known(value) if value in list(known) else col(Job.id).is_(None))
        if self.country:
            found.append(col(Job.country) == self.country.upper())
        if self.needs:
            found.append(NEEDS[self.needs].condition(now) if self.needs in NEEDS else col(Job.id).is_(None))
        if self.is_unreadable:
            found.append(false())
        if self.q:
            found.append(any_of(session, col(Job.id), here, _each_way(self.q)))
        if self.number:
            found.append(has_number(col(Job.id_number_digest), self.number))
        if self.phone:
            found.append(has_number(col(Job.phone_digest), self.phone))
        return found


IDS = (Job.user_id, Job.job_id, Job.smile_job_id, Job.customer_reference)
FOLDED_IDS = (Job.user_id_folded, Job.job_id_folded, Job.smile_job_id_folded, Job.customer_reference_folded)


def _each_way(typed: str) -> list[ColumnElement[bool]]:
    """Any id by its beginning, as it is written or as it is meant. An ID number is `number`."""
    return [*_exactly(typed), *(means(column, typed) for column in FOLDED_IDS)]


def _is_id(session: Session, environment: str, typed: str) -> bool:
    """Whether there is such an id: the folded beginning of one says little, for a number may begin that way."""
    here, each_way = (
        col(Job.environment) == environment,
        [*_exactly(typed), *(is_just(each, typed) for each in FOLDED_IDS)],
    )
    found = any_of(session, col(Job.id), here, each_way)
    return session.exec(select(Job.id).where(here, found).limit(1)).first() is not None


def _exactly(typed: str) -> list[ColumnElement[bool]]:
    found = [begins_with(column, typed) for column in IDS]
    with suppress(ValueError):  # Not an id of ours; the other columns may still hold it.
        found.append(col(Job.id) == UUID(typed))
    return found


def list_jobs(
    session: Session,
    environment: str,
    wanted: JobFilter,
    now: datetime,
    after: UUID | None = None,
    top: UUID | None = None,
) -> Page[Job]:
    """One page, newest first, beginning after `after`; `top` leaves out what came since a list was opened."""
    conditions = wanted.conditions(session, environment, now)
    counted = select(Job.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    count = session.exec(select(func.count()).select_from(counted)).one()
    if after:
        conditions.append(col(Job.id) < after)
    if top:
        conditions.append(col(Job.id) <= top)
    rows = session.exec(select(Job).where(*conditions).order_by(col(Job.id).desc()).limit(PAGE_SIZE + 1)).all()
    page = rows[:PAGE_SIZE]
    return Page(page, page[-1].id if len(rows) > PAGE_SIZE else None, count)


def newest_job(session: Session, environment: str) -> UUID | None:
    newest = select(Job.id).where(Job.environment == environment).order_by(col(Job.id).desc()).limit(1)
    return session.exec(newest).first()


def count_jobs(session: Session, environment: str, wanted: JobFilter, now: datetime, through: UUID) -> int:
    """How many match, all of them counted."""
    conditions = [*wanted.conditions(session, environment, now), col(Job.id) <= through]
    return session.exec(select(func.count()).select_from(Job).where(*conditions)).one()


def all_jobs(read: Read, environment: str, wanted: JobFilter, now: datetime, through: UUID) -> Iterator[Sequence[Job]]:
    """Every job that matches, newest first, a few hundred in memory at a time, each batch read by itself."""
    place = col(Job.id) <= through
    while True:
        with read() as session:
            conditions = [*wanted.conditions(session, environment, now), place]
            found = select(Job).where(*conditions).order_by(col(Job.id).desc()).limit(TAKEN_OUT_AT_ONCE)
            batch = session.exec(found).all()
        yield batch
        if len(batch) < TAKEN_OUT_AT_ONCE:
            return
        place = col(Job.id) < batch[-1].id


def count_newer(session: Session, environment: str, wanted: JobFilter, top: UUID, now: datetime) -> int:
    """How many jobs of this filter came after the first row of an open list."""
    conditions = [*wanted.conditions(session, environment, now), col(Job.id) > top]
    few = select(Job.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def needs_you(session: Session, environment: str, now: datetime) -> dict[str, int]:
    """How many jobs need somebody, by kind; kinds without any are left out."""
    counts = {}
    for name, need in NEEDS.items():
        found = select(Job.id).where(Job.environment == environment, need.condition(now))
        few = found.limit(COUNT_CAP + 1).subquery()
        counts[name] = session.exec(select(func.count()).select_from(few)).one()
    return {name: count for name, count in counts.items() if count}


def newest_change(session: Session, environment: str) -> int:
    """A number that grows whenever any job changes: what an open list compares itself with."""
    newest = session.exec(select(func.max(Job.changed_at)).where(Job.environment == environment)).one()
    return int(newest.timestamp() * 1_000_000) if newest else 0


def find_job(session: Session, environment: str, job_id: UUID, *, to_change: bool = False) -> Job:
    """`to_change` locks the row, since the worker may be claiming or saving it at this moment."""
    job = session.get(Job, job_id, with_for_update=to_change)
    if job is None or job.environment != environment:
        raise NotFound("There is no such job here.")
    return job


def version_of(session: Session, environment: str, job_id: UUID) -> int:
    version = session.exec(select(Job.version).where(Job.id == job_id, Job.environment == environment)).first()
    if version is None:
        raise NotFound("There is no such job here.")
    return version


def enrolled_users(session: Session, environment: str) -> Sequence[str]:
    """User ids that an authentication can be made for, the last enrolled first."""
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
    """One job with everything its page shows, newest results last. A result that cannot be opened is empty."""

    job: Job
    events: Sequence[JobEvent]
    results: Sequence[tuple[Result, dict[str, Any]]]
    images: Sequence[Image]
    warnings: Sequence[JobWarning]
    dealt_with: Sequence[tuple[DealtWith, str]]
    unreadable: frozenset[UUID] = frozenset()  # ids of the results that cannot be opened

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
    def with_pictures(self) -> tuple[Result, list[EmbeddedPicture]] | None:
        """The newest answer that carries pictures, such as the authority's photo: confirmed if there is one."""
        found = [(result, find_pictures(payload)) for result, payload in self.results]
        found = sorted((each for each in found if each[1]), key=lambda each: each[0].is_confirmed)
        return found[-1] if found else None

    @property
    def callbacks(self) -> list[dict[str, Any]]:
        """The callbacks as this job's timeline last spoke of them; the `callbacks` slice keeps the bodies."""
        told = [event.facts for event in self.events if event.kind in OF_CALLBACKS]
        last = {facts["callback_id"]: facts for facts in told}
        return [{name: facts[name] for name in CALLBACK_FACTS if name in facts} for facts in last.values()]


def job_details(session: Session, job: Job) -> JobDetails:
    keyring = keyring_of(session)
    results = session.exec(select(Result).where(Result.job_id == job.id).order_by(col(Result.id))).all()
    payloads = {row.id: {} if row.erased_at else _payload_of(keyring, row) for row in results}
    return JobDetails(
        job,
        session.exec(
            select(JobEvent).where(JobEvent.job_id == job.id).order_by(col(JobEvent.at), col(JobEvent.id))
        ).all(),
        [(row, payloads[row.id] or {}) for row in results],
        session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all(),
        warnings_of(session, [job.id]).get(job.id, []),
        dealt_with_of(session, job),
        frozenset(row_id for row_id, payload in payloads.items() if payload is None),
    )


def _payload_of(keyring: KeyRing, result: Result) -> dict[str, Any] | None:
    """None where it cannot be opened."""
    opened = keyring.open_or_none(result.payload_sealed, payload_identity(result.id))
    if opened is None:
        return None
    payload = plain(json.loads(opened))
    return payload if isinstance(payload, dict) else {}


def find_image(session: Session, job: Job, image_id: UUID) -> Image:
    image = session.get(Image, image_id)
    if image is None or image.job_id != job.id:
        raise NotFound("There is no such picture here.")
    return image
