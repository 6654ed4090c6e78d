"""What a list of callbacks shows, as it stands in the address, and the same as conditions for the database."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, false, literal, or_
from sqlmodel import Session, col, select

from dashboard.callbacks.models import ALARMING_VERDICTS, IS_ALARMING, IS_REPEATED, REFUSED_VERDICTS, Callback, Verdict
from dashboard.db import first_id_of
from dashboard.jobs.products import Product
from dashboard.jobs.searches import has_number, is_number_of_job, kept_number, number_for_address
from dashboard.smile.typed import clean_code, fold_typed
from dashboard.web.searches import SearchFilter

NO_JOB = "none"  # The value of `job` that finds orphans.
UNKNOWN = "unknown"  # The value of `product` that finds those whose product nobody can tell.
CAME_AGAIN = "yes"
#: Each word of the `verdict` filter. A duplicate is counted on the callback that it repeats and has no row of its own.
VERDICTS: Mapping[str, frozenset[Verdict]] = {
    "valid": frozenset({Verdict.VALID}),
    "wrong": REFUSED_VERDICTS,
    "missing": frozenset({Verdict.MISSING}),
    "stale": frozenset({Verdict.STALE}),
    "future": frozenset({Verdict.FUTURE}),
    "alarm": ALARMING_VERDICTS,
    "reused": frozenset({Verdict.REUSED}),
    "reflected": frozenset({Verdict.REFLECTED}),
}
BEGINNING_OF_ID = re.compile("[0-9a-f]{6,32}")

Condition = ColumnElement[bool] | TextClause


@dataclass(frozen=True)
class Filters(SearchFilter):
    purpose = "callbacks"
    typed = ("q", "job")  # A job id that somebody gave may say who the customer is.

    verdict: str = ""  # one of VERDICTS
    product: str = ""
    country: str = ""
    id_type: str = ""
    job: str = ""  # our id, Smile's name for it, or NO_JOB
    again: str = ""
    day: str = ""  # of UTC, as 2026-11-24
    number: str = ""  # the keyed digest of an ID number

    @classmethod
    def _stands_as_it_is(cls, name: str, value: str) -> bool:
        return name == "job" and (value == NO_JOB or _as_uuid(value) is not None)

    def for_address(self, session: Session, environment: str) -> "Filters":
        """What was typed into the search box, without an ID number in it."""

        def is_there(condition: Condition) -> bool:
            found = select(Callback.id).where(col(Callback.environment) == environment, condition).limit(1)
            return session.exec(found).first() is not None

        def is_stored(digests: Sequence[str]) -> bool:
            is_here = is_there(col(Callback.id_number_digest).in_(digests))
            return is_here or is_number_of_job(session, environment, digests)

        number = number_for_address(session, self.q, is_stored, bool(self.q) and is_there(_is_id(self.q)))
        return replace(self, q="" if number else self.q, number=number or kept_number(self.number))

    def conditions(self, environment: str) -> list[Condition]:
        """Nonsense in the address finds nothing: what is done with all that is found must not be done to everything."""
        found: list[Condition] = [col(Callback.environment) == environment]
        if self.verdict:
            found.append(_has_verdict(self.verdict))
        if self.product:
            found.append(_has_product(self.product))
        if self.country:
            found.append(col(Callback.country) == self.country.upper())
        if self.id_type:
            found.append(col(Callback.id_type) == self.id_type.upper())
        if self.job:
            found.append(_is_of_job(self.job))
        if self.again:
            found.append(IS_REPEATED if self.again == CAME_AGAIN else false())
        if self.day:
            found += _came_on(self.day)
        if self.is_unreadable:
            found.append(false())
        if self.q:
            found.append(_matches(self.q))
        if self.number:
            found.append(has_number(col(Callback.id_number_digest), self.number))
        return found


def _has_verdict(verdict: str) -> Condition:
    if verdict == "alarm":
        return IS_ALARMING  # word for word as the index has it, so that the database sees that it fits
    return col(Callback.verdict).in_(VERDICTS.get(verdict, ()))


def _has_product(product: str) -> Condition:
    if product == UNKNOWN:
        return col(Callback.product).is_(None)
    return col(Callback.product) == Product(product) if product in list(Product) else false()


def _is_of_job(job: str) -> Condition:
    if job == NO_JOB:
        return col(Callback.job_id).is_(None)
    row_id = _as_uuid(job)
    return col(Callback.job_id) == row_id if row_id else col(Callback.claimed_job_id) == job


def _came_on(day: str) -> list[Condition]:
    """Ids are in the order of time, so a day is a stretch of the index that the list is read from anyway."""
    try:
        begins = datetime.combine(date.fromisoformat(day), time(), UTC)
        first, beyond = first_id_of(begins), first_id_of(begins + timedelta(days=1))
    except (ValueError, OverflowError):
        return [false()]
    return [col(Callback.id) >= first, col(Callback.id) < beyond]


def _matches(q: str) -> Condition:
    """What is written in it, or what was meant: its ids stand in it folded too. See `with_folded_ids`."""
    folded = fold_typed(q)
    if not folded:
        return _is_written(q)
    # Without its leading zeros a number is part of many others, so it has to be a whole one.
    meant = _has_word(folded) if clean_code(q).startswith("0") else _has(folded)
    return or_(_is_written(q), meant)


def _is_id(q: str) -> Condition:
    """Whether there is such an id: a part of one says little, for a number may look that way."""
    folded = fold_typed(q)
    return or_(_is_written(q), _has_word(folded)) if folded else _is_written(q)


def _has(text: str) -> Condition:
    return col(Callback.search_text).contains(text, autoescape=True)


def _has_word(word: str) -> Condition:
    """As it is written, or as an id is folded."""
    words: Any = literal(" ") + col(Callback.search_text) + " "
    return or_(words.contains(f" {word} ", autoescape=True), words.contains(f" ~{word} ", autoescape=True))


def _is_written(q: str) -> Condition:
    """Any part of what is not personal; an id of a row by its beginning. An ID number is `number`."""
    found: list[Any] = [_has(q.lower())]
    digits = q.lower().replace("-", "")
    if BEGINNING_OF_ID.fullmatch(digits):
        first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        found += [column.between(first, last) for column in (col(Callback.id), col(Callback.job_id))]
    if len(q) == 64:
        found.append(col(Callback.body_sha256) == q.lower())
    return or_(*found)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
