"""Finds all that is held about one person, by reference, user id or ID number, in every environment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_
from sqlmodel import Session, col, select

from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import Callback
from dashboard.db import keyring_of
from dashboard.errors import Invalid
from dashboard.jobs.models import Image, Job, JobEvent, Result
from dashboard.links.messages import was_written_to
from dashboard.links.models import Link, WebToken
from dashboard.smile.typed import clean_id, number_key

#: More jobs than this belong to a branch or a campaign, not to a person.
MOST_JOBS = 200
SHORTEST_MENTION = 6
ENVIRONMENTS = ("sandbox", "production")
FIELD = "identifier"


@dataclass(frozen=True)
class HeldData:
    """What an erasure would erase and an export would contain."""

    jobs: Sequence[Job]
    callbacks: Sequence[Callback]  # without their bodies
    links: Sequence[Link]
    tokens: Sequence[WebToken]
    counts: dict[str, int]

    @property
    def is_nothing(self) -> bool:
        return not (self.jobs or self.callbacks or self.links or self.tokens)


@dataclass(frozen=True)
class FoundPerson:
    """`named`: jobs with exactly what was searched for. `related`: others that share an id or a number with them."""

    identifier: str = field(repr=False)
    named: Sequence[Job]
    related: Sequence[tuple[Job, str]]

    def chosen(self, job_ids: Iterable[UUID]) -> list[Job]:
        wanted = set(job_ids)
        return [job for job in (*self.named, *(job for job, _ in self.related)) if job.id in wanted]


def find_person(session: Session, identifier: str) -> FoundPerson:
    """Finds jobs by a whole id, exactly as written, or a whole number in any spelling. Parts may match others."""
    identifier = clean_id(identifier)
    if not identifier or "\0" in identifier or len(identifier) > 200:
        raise Invalid({FIELD: "Enter the customer reference, the user id or the ID number exactly as it was given."})
    digests = _digests(session, identifier)
    is_named = or_(
        col(Job.customer_reference) == identifier,
        col(Job.user_id) == identifier,
        col(Job.id_number_digest).in_(digests),
    )
    named = _jobs(session, is_named)
    if len(named) > MOST_JOBS:
        raise Invalid({FIELD: f"More than {MOST_JOBS} jobs have this, so it does not identify one person."})
    return FoundPerson(identifier, named, _related(session, named))


def _digests(session: Session, identifier: str) -> list[str]:
    """Digests of a number, cleaned and as typed: digests of earlier versions were made without cleaning."""
    keyring = keyring_of(session)
    return [*keyring.digests_for_search(number_key(identifier)), *keyring.digests_for_search(identifier)]


def _related(session: Session, named: Sequence[Job]) -> list[tuple[Job, str]]:
    """Jobs of perhaps the same person. Somebody must check them before they are erased as well."""
    if not named:
        return []
    users = {job.user_id for job in named}
    references = {job.customer_reference for job in named} - {""}
    numbers = {job.id_number_digest for job in named} - {None}
    shares = or_(
        col(Job.user_id).in_(users),
        col(Job.customer_reference).in_(references),
        col(Job.id_number_digest).in_(numbers),
    )
    known = {job.id for job in named}
    related = []
    for job in _jobs(session, shares):
        if job.id not in known:
            why = "ID number" if job.id_number_digest in numbers else "user id" if job.user_id in users else "reference"
            related.append((job, f"same {why}"))
    return related


def _jobs(session: Session, condition: ColumnElement[bool]) -> Sequence[Job]:
    found = select(Job).where(col(Job.environment).in_(ENVIRONMENTS), condition, col(Job.erased_at).is_(None))
    return session.exec(found.order_by(col(Job.id).desc()).limit(MOST_JOBS + 1)).all()


def what_is_held(session: Session, identifier: str, jobs: Sequence[Job]) -> HeldData:
    """All that belongs to these jobs, and links, tokens and orphan callbacks that have the identifier."""
    ids = [job.id for job in jobs]
    callbacks = _callbacks(session, identifier, jobs)
    links, tokens = _links(session, identifier, jobs), _tokens(session, identifier, jobs)
    counts = {
        "jobs": len(jobs),
        "images": _count(session, Image, ids),
        "results": _count(session, Result, ids),
        "events": _count(session, JobEvent, ids),
        "callbacks": len(callbacks),
        "links": len(links),
        "tokens": len(tokens),
    }
    return HeldData(jobs, callbacks, links, tokens, counts)


def _callbacks(session: Session, identifier: str, jobs: Sequence[Job]) -> Sequence[Callback]:
    digests = _digests(session, identifier)
    digests += [job.id_number_digest for job in jobs if job.id_number_digest]
    words = {identifier, *(job.job_id for job in jobs), *(job.user_id for job in jobs)}
    ids = [job.id for job in jobs]
    of_jobs = select(Callback).where(col(Callback.job_id).in_(ids))
    # Of orphans only the search text can be searched, which names a job or a user. Whole words only, and no short ones,
    # which may be a code or a country.
    padded = literal(" ") + col(Callback.search_text) + " "
    long_words = [word.lower() for word in words if len(word) >= SHORTEST_MENTION]
    mentions = [padded.contains(f" {word} ", autoescape=True) for word in long_words]
    orphans = select(Callback).where(
        col(Callback.job_id).is_(None),
        or_(col(Callback.id_number_digest).in_(digests), col(Callback.claimed_job_id).in_(words), *mentions),
    )
    found = [*session.exec(of_jobs.options(WITHOUT_BODY)).all(), *session.exec(orphans.options(WITHOUT_BODY)).all()]
    return sorted(found, key=lambda callback: callback.id)


def _links(session: Session, identifier: str, jobs: Sequence[Job]) -> Sequence[Link]:
    """Links for one customer only, or with the identifier. One for several customers belongs to none of them."""
    ids = {job.link_id for job in jobs if job.link_id}
    names_it = or_(col(Link.customer_reference) == identifier, col(Link.user_id) == identifier)
    # A link made for one customer may have been given more uses.
    is_of_one = or_(col(Link.uses_allowed) == 1, col(Link.prefill_sealed).is_not(None), was_written_to(col(Link.id)))
    of_one = col(Link.id).in_(ids) & is_of_one
    found = select(Link).where(or_(names_it, of_one), col(Link.erased_at).is_(None))
    return session.exec(found.order_by(col(Link.id))).all()


def _tokens(session: Session, identifier: str, jobs: Sequence[Job]) -> Sequence[WebToken]:
    names = {job.job_id for job in jobs} | {identifier}
    users = {job.user_id for job in jobs} | {identifier}
    found = select(WebToken).where(or_(col(WebToken.user_id).in_(users), col(WebToken.job_id).in_(names)))
    return session.exec(found.order_by(col(WebToken.id))).all()


def _count(session: Session, table: type[Image | Result | JobEvent], job_ids: Sequence[UUID]) -> int:
    return session.exec(select(func.count()).select_from(table).where(col(table.job_id).in_(job_ids))).one()
