"""The filters of the list of callbacks, and its columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import literal, or_
from sqlalchemy.orm import defer
from sqlmodel import col, select

from dashboard.callbacks.models import ALARMING_VERDICTS, IS_ALARMING, IS_REPEATED, REFUSED_VERDICTS, Callback, Verdict
from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.jobs.products import Product
from dashboard.jobs.searches import NumberSearch, find_by_digest, number_field
from dashboard.jobs.showing.wording import id_type_words
from dashboard.jobs.smile_api.catalogue import country_name, country_names
from dashboard.smile.constants import id_types
from dashboard.smile.typed import clean_code, fold_typed
from dashboard.web.lists.fields import (
    Choices,
    Condition,
    Scope,
    choice,
    on_day,
    search,
    since_day,
    suggestion,
    until_day,
)
from dashboard.web.lists.filters import Column

#: Bodies are left out of lists: one may be megabytes. SQLModel types a column as its value.
WITHOUT_BODY = defer(Callback.body_sealed, raiseload=True)  # type: ignore[arg-type]
NO_JOB = "none"  # The value of `job` that finds orphans.
UNKNOWN = "unknown"  # The value of `product` that finds those whose product is unknown.
CAME_AGAIN = "yes"
#: The values of the `verdict` filter. A duplicate has no row: it is counted on the callback that it repeats.
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
VERDICT_WORDS = {
    "valid": "Valid signature",
    "wrong": "Wrong or no signature",
    "missing": "No signature",
    "stale": "Signed too long ago",
    "future": "Signed in the future",
    "alarm": "Alarm: reused or reflected",
    "reused": "Reused signature",
    "reflected": "Our own signature",
}
BEGINNING_OF_ID = re.compile("[0-9a-f]{6,32}")


def _countries(_: Scope) -> Choices:
    return dict(sorted(country_names().items(), key=lambda country: country[1].lower()))


def _id_types(_: Scope) -> Choices:
    return {id_type: id_type_words(id_type) for id_type in sorted({row.id_type for row in id_types()})}


def _has_verdict(_: Scope, verdict: str) -> Condition:
    if verdict == "alarm":
        return IS_ALARMING  # repeats the index's condition word for word, so that the database uses it
    return col(Callback.verdict).in_(VERDICTS[verdict])


def _has_product(_: Scope, product: str) -> Condition:
    if product == UNKNOWN:
        return col(Callback.product).is_(None)
    return col(Callback.product) == Product(product)


def _is_job_of_ours(job: str) -> bool:
    return job == NO_JOB or _as_uuid(job) is not None


def _is_of_job(_: Scope, job: str) -> Condition:
    if job == NO_JOB:
        return col(Callback.job_id).is_(None)
    row_id = _as_uuid(job)
    return col(Callback.job_id) == row_id if row_id else col(Callback.claimed_job_id) == job


def _matches(_: Scope, q: str) -> Condition:
    """Whether the search text contains it as typed, or as a folded id. See `with_folded_ids`."""
    folded = fold_typed(q)
    if not folded:
        return _is_written(q)
    # Without its leading zeros a number is part of many others, so it must match a whole word.
    meant = _has_word(folded) if clean_code(q).startswith("0") else _has(folded)
    return or_(_is_written(q), meant)


def _is_id(q: str) -> Condition:
    """Whether it is a whole id: part of one says little, since a number may look the same."""
    folded = fold_typed(q)
    return or_(_is_written(q), _has_word(folded)) if folded else _is_written(q)


def _has(text: str) -> Condition:
    return col(Callback.search_text).contains(text, autoescape=True)


def _has_word(word: str) -> Condition:
    """As a whole word, or as a whole folded id."""
    words: Any = literal(" ") + col(Callback.search_text) + " "
    return or_(words.contains(f" {word} ", autoescape=True), words.contains(f" ~{word} ", autoescape=True))


def _is_written(q: str) -> Condition:
    """Any part of the search text, the beginning of a row's id, or a whole SHA-256. ID numbers are in `number`."""
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


@dataclass(frozen=True)
class CallbackFilter(NumberSearch[Callback]):
    purpose = "callbacks"
    endpoint, json_endpoint = "callbacks.index", "callbacks.index_json"
    table, options = Callback, (WITHOUT_BODY,)
    nouns = ("callback", "callbacks")
    columns = (
        Column("verdict", "Verdict", "l", is_fixed=True),
        Column("customer", "Customer"),
        Column("claim", "Result it claims"),
        Column("product", "Product", "m"),
        Column("where", "Where", "m"),
        Column("came", "Came", "s"),
        Column("age", "Age", "xs"),
        Column("job", "Job id", "l", is_extra=True),
        Column("received", "Received", "l", is_extra=True),
    )

    q: str = search(
        "Search in ids, codes and texts, or for a whole ID number", _matches, hint="Part of an id, code or text"
    )
    verdict: str = choice("Verdict", VERDICT_WORDS, _has_verdict)
    product: str = choice("Product", PRODUCT_NAMES | {UNKNOWN: "Unknown"}, _has_product)
    country: str = suggestion(
        "Country", _countries, lambda _, value: col(Callback.country) == value.upper(), country_name, is_more=True
    )
    id_type: str = suggestion(
        "ID type", _id_types, lambda _, value: col(Callback.id_type) == value.upper(), id_type_words, is_more=True
    )
    job: str = search(  # our id, the id that Smile knows, or NO_JOB; a job id may identify the customer
        "Job",
        _is_of_job,
        lambda job: "orphans only" if job == NO_JOB else "of one job",
        offer=lambda _: {NO_JOB: "Orphans only"},
        stands_as_it_is=_is_job_of_ours,
    )
    again: str = choice("Came", {CAME_AGAIN: "More than once"}, lambda _, __: IS_REPEATED, is_more=True)
    since: str = since_day(Callback.id, hint="Received on this day or later")
    until: str = until_day(Callback.id, hint="Received on this day or earlier")
    day: str = on_day(Callback.id)
    number: str = number_field(find_by_digest(Callback.id_number_digest))

    def is_id(self, scope: Scope) -> bool:
        return _is_there(scope, _is_id(self.q))

    def is_stored(self, scope: Scope, digests: Sequence[str]) -> bool:
        return _is_there(scope, col(Callback.id_number_digest).in_(digests)) or super().is_stored(scope, digests)


def _is_there(scope: Scope, condition: Condition) -> bool:
    found = select(Callback.id).where(col(Callback.environment) == scope.environment, condition).limit(1)
    return scope.session.exec(found).first() is not None
