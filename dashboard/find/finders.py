"""Looks up what was typed, each kind of row by its own indexes and with a limit. Nothing is counted."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from dashboard.callbacks.filters import VERDICT_WORDS, CallbackFilter, callbacks_with_id
from dashboard.callbacks.models import Callback
from dashboard.db import keyring_of
from dashboard.find.answers import SHORTEST, Answer, Answers, Group, Look, answer_of, group_of
from dashboard.find.words import read_phrase
from dashboard.jobs.filters import IDS as JOB_IDS
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job
from dashboard.jobs.name_search.finding import find_by_name
from dashboard.jobs.name_search.switch import is_on
from dashboard.jobs.products import FACTS
from dashboard.jobs.searches import find_by_digest
from dashboard.jobs.showing.listing import customer_label
from dashboard.jobs.smile_api.catalogue import country_name
from dashboard.jobs.submitting.phones import phone_digits
from dashboard.links.codes import has_known_code
from dashboard.links.filters import IDS as LINK_IDS
from dashboard.links.filters import LinkFilter
from dashboard.links.models import Link
from dashboard.team.models import Member
from dashboard.web.lists.filters import ListFilter

#: The lists that words may be filters of, the first one first, with the permission to read each.
LISTS: Sequence[tuple[str, type[ListFilter[Any]]]] = (
    ("jobs.read", JobFilter),
    ("links.read", LinkFilter),
    ("callbacks.read", CallbackFilter),
)
_ID_IN_ADDRESS = re.compile(r"/(?:jobs|links|callbacks)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_CODE_IN_ADDRESS = re.compile(r"/v/([\w-]{22,})")
FEWEST_DIGITS = 6
OF_PEOPLE = "jobs.reveal"


def finds_people(session: Session, may: Callable[[str], bool]) -> bool:
    """Whether this member finds people by their names."""
    return may(OF_PEOPLE) and is_on(session)


def find(look: Look) -> Answers:
    """Everything that this member may find."""
    typed = found[1] if (found := _ID_IN_ADDRESS.search(look.typed)) else look.typed
    if len(typed) < SHORTEST:
        return Answers()
    look = Look(look.scope, typed, look.may, look.most)
    groups = [group for permission, finder in FINDERS if look.may(permission) for group in finder(look)]
    return _with_words(look, groups)


def _with_words(look: Look, groups: list[Group]) -> Answers:
    """Adds what the words mean as a filter; where only some are understood, unless something was found."""
    phrase = read_phrase(look.scope, look.typed, [filters for permission, filters in LISTS if look.may(permission)])
    if phrase.filters is None or (groups and not phrase.is_whole):
        return Answers(groups, () if groups else phrase.unknown)
    noun = phrase.filters.nouns[1].capitalize()
    label = f"{noun}: {phrase.filters.in_words}" if not phrase.filters.is_empty else f"All {noun.lower()}"
    answer = answer_of(phrase.filters, label, is_exact=phrase.is_whole and not groups)
    return Answers([Group("As a filter", [answer]), *groups], phrase.unknown)


def _jobs(look: Look) -> Iterator[Group]:
    whole = JOB_IDS.newest_with(look.scope, look.typed, look.most + 1)
    jobs = whole or JOB_IDS.some_that_begin(look.scope, look.typed, look.most + 1)
    answers = [_job_answer(job, is_exact=len(whole) == 1) for job in jobs]
    yield from group_of("Jobs", look, answers, JobFilter(q=look.typed))


def _job_answer(job: Job, *, is_exact: bool = False) -> Answer:
    about = [FACTS[job.product].name, *([country_name(job.country)] if job.country else [])]
    verdict = (job.state, job.outcome)
    return Answer(
        customer_label(job), "jobs.show", {"job_id": job.id}, ", ".join(about), job.created_at, verdict, is_exact
    )


def _links(look: Look) -> Iterator[Group]:
    if code := _CODE_IN_ADDRESS.search(look.typed):
        of_code = select(Link).where(Link.environment == look.scope.environment, has_known_code(code[1]))
        whole: Sequence[Link] = look.scope.session.exec(of_code).all()
    else:
        whole = LINK_IDS.newest_with(look.scope, look.typed, look.most + 1)
    links = whole or LINK_IDS.some_that_begin(look.scope, look.typed, look.most + 1)
    answers = [
        Answer(
            customer_label(link),
            "links.show",
            {"link_id": link.id},
            FACTS[link.product].name if link.product else "Smile Link",
            link.created_at,
            is_exact=len(whole) == 1,
        )
        for link in links
    ]
    yield from group_of("Links", look, answers, LinkFilter(q=look.typed))


def _callbacks(look: Look) -> Iterator[Group]:
    answers = [
        Answer(
            VERDICT_WORDS.get(callback.verdict, callback.verdict.capitalize()),
            "callbacks.show",
            {"callback_id": callback.id},
            f"for {callback.claimed_job_id}" if callback.claimed_job_id else "for no job",
            callback.received_at,
            is_exact=str(callback.id) == look.typed.lower(),
        )
        for callback in callbacks_with_id(look.scope, look.typed, look.most + 1)
    ]
    yield from group_of("Callbacks", look, answers, CallbackFilter(q=look.typed))


def _by_number(look: Look) -> Iterator[Group]:
    if sum(sign.isdigit() for sign in look.typed) < FEWEST_DIGITS:
        return
    digests = ".".join(keyring_of(look.scope.session).digests_of_number(look.typed))
    yield from _jobs_with(look, "With this ID number", Job.id_number_digest, JobFilter(number=digests))
    same = find_by_digest(Callback.id_number_digest)(look.scope, digests)
    of_callbacks = select(Callback.id).where(Callback.environment == look.scope.environment, same).limit(1)
    if look.may("callbacks.read") and look.scope.session.exec(of_callbacks).first():
        answer = answer_of(CallbackFilter(number=digests), "All in the list of callbacks")
        yield Group("Callbacks with this ID number", [answer])


def _by_phone(look: Look) -> Iterator[Group]:
    if digits := phone_digits(look.typed):
        digests = ".".join(keyring_of(look.scope.session).digests_for_search(digits))
        yield from _jobs_with(look, "With this phone number", Job.phone_digest, JobFilter(phone=digests))


def _jobs_with(look: Look, label: str, column: Any, filters: JobFilter) -> Iterator[Group]:
    """The newest jobs with one of the digests in the filter."""
    same = find_by_digest(column)(look.scope, filters.number or filters.phone)
    found = select(Job).where(Job.environment == look.scope.environment, same)
    jobs = look.scope.session.exec(found.order_by(col(Job.id).desc()).limit(look.most + 1)).all()
    answers = [_job_answer(job, is_exact=len(jobs) == 1) for job in jobs]
    yield from group_of(label, look, answers, filters)


def _by_name(look: Look) -> Iterator[Group]:
    found = find_by_name(look.scope.session, look.scope.environment, look.typed, look.most)
    note = "There may be more. Another part of the name finds fewer." if found.is_cut else ""
    if found.jobs:
        yield Group("People with this name", [_job_answer(job) for job in found.jobs], note)


def _members(look: Look) -> Iterator[Group]:
    """Members are few, so that they are looked through."""
    text = look.typed.lower()
    named = [func.lower(column).contains(text, autoescape=True) for column in (Member.email, Member.name)]
    members = look.scope.session.exec(
        select(Member).where(or_(*named)).order_by(col(Member.name), col(Member.id)).limit(look.most)
    ).all()
    answers = [
        Answer(
            member.name,
            "team.show_member",
            {"member_id": member.id},
            f"{member.email}, {member.role}",
            is_exact=member.email == text,
        )
        for member in members
    ]
    if answers:
        yield Group("Members", answers)


#: In the order of their groups, each with the permission that it needs.
FINDERS: Sequence[tuple[str, Callable[[Look], Iterator[Group]]]] = (
    ("jobs.read", _jobs),
    ("links.read", _links),
    ("callbacks.read", _callbacks),
    ("jobs.read", _by_number),
    ("jobs.read", _by_phone),
    (OF_PEOPLE, _by_name),
    ("team.manage", _members),
)
