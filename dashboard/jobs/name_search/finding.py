"""Finds jobs by parts of their customer's name. Each hit is confirmed by opening the row."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.jobs.models import Job, job_associated_data
from dashboard.jobs.name_search.models import NamePart
from dashboard.jobs.name_search.parts import digest_of_part, parts_of_name, parts_of_person, read_key
from dashboard.jobs.name_search.switch import is_on

MOST_PARTS = 5
#: Of the rarest part of a name, so many of the newest jobs are looked at for the other parts.
MOST_READ = 5_000


@dataclass(frozen=True)
class FoundByName:
    """The newest jobs. `is_cut`: there may be more, among jobs that were not looked at."""

    jobs: Sequence[Job] = ()
    is_cut: bool = False


def find_by_name(session: Session, environment: str, typed: str, limit: int) -> FoundByName:
    """Jobs whose customer has all these parts in their names, or all of them as one word."""
    parts = list(dict.fromkeys(parts_of_name(typed)))
    if not 0 < len(parts) <= MOST_PARTS or not is_on(session):
        return FoundByName()
    try:
        key = read_key(session)
    except UnreadableValue:  # The health page says so.
        return FoundByName()
    if key is None:
        return FoundByName()
    found = _find(session, environment, key, parts, limit)
    if found.jobs or len(parts) == 1:
        return found
    as_one_word = _find(session, environment, key, ["".join(parts)], limit)
    return as_one_word if as_one_word.jobs else found


def _find(session: Session, environment: str, key: bytes, parts: Sequence[str], limit: int) -> FoundByName:
    rarest, *others = _rarest_first(session, environment, [digest_of_part(key, part) for part in parts])
    job_id = col(NamePart.job_id)
    newest = select(NamePart.job_id).where(*_has(environment, rarest)).order_by(job_id.desc())
    read = newest.limit(MOST_READ).subquery()
    found = select(read.c.job_id).order_by(read.c.job_id.desc()).limit(limit + 1)
    for other in others:
        found = found.where(select(NamePart).where(*_has(environment, other), job_id == read.c.job_id).exists())
    ids = session.exec(found).all()
    jobs = session.exec(select(Job).where(col(Job.id).in_(ids)).order_by(col(Job.id).desc())).all()
    confirmed = [job for job in jobs if set(parts) <= _parts_of(session, job)]
    is_cut = len(ids) > limit or (bool(others) and _count(session, environment, rarest) > MOST_READ)
    return FoundByName(confirmed[:limit], is_cut)


def _rarest_first(session: Session, environment: str, digests: Sequence[UUID]) -> Sequence[UUID]:
    return sorted(digests, key=lambda digest: _count(session, environment, digest)) if len(digests) > 1 else digests


def _count(session: Session, environment: str, digest: UUID) -> int:
    """How many jobs there are, at most one more than are read."""
    few = select(NamePart.job_id).where(*_has(environment, digest)).limit(MOST_READ + 1).subquery()
    return session.exec(select(func.count()).select_from(few)).one()


def _has(environment: str, digest: UUID) -> tuple[bool, bool]:
    return NamePart.environment == environment, NamePart.digest == digest


def _parts_of(session: Session, job: Job) -> set[str]:
    opened = keyring_of(session).open_json_or_none(job.person_sealed or b"", job_associated_data(job.id, "person"))
    return set(parts_of_person(opened))
