"""The filters of the list of callbacks, and its columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, type_coerce, union_all
from sqlalchemy import select as select_columns
from sqlalchemy.orm import defer
from sqlmodel import col, select

from dashboard.callbacks.counted import COUNTER
from dashboard.callbacks.models import (
    ALARMING_VERDICTS,
    IS_ALARMING,
    IS_REFUSED,
    IS_REPEATED,
    REFUSED_VERDICTS,
    Callback,
    CallbackSearch,
    Verdict,
)
from dashboard.callbacks.text_index import SHORTEST, TextPart, condition_of, find_indexed, indexed_up_to, newest_indexed
from dashboard.db import IdDigits, is_one_of
from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.jobs.products import Product
from dashboard.jobs.searches import NumberSearch, find_by_digest, number_field
from dashboard.jobs.smile_api.catalogue import country_name, country_names, id_type_words
from dashboard.query_hints import without_index
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
from dashboard.web.lists.pagination import COUNT_CAP

#: Bodies are left out of lists: one may be megabytes. SQLModel types a column as its value.
WITHOUT_BODY = defer(Callback.body_sealed, raiseload=True)  # type: ignore[arg-type]
ID = type_coerce(col(Callback.id), IdDigits)
#: What a row of the list shows and may change, besides its job.
SHOWN = (
    *(Callback.job_id, Callback.verdict, Callback.times_seen, Callback.product, Callback.country, Callback.id_type),
    *(Callback.claimed_job_id, Callback.result_code, Callback.erased_at),
)
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
SHA256_LENGTH = 64
#: How many callbacks a search reads one by one: for a text that the index does not tell from others, and of those that
#: the worker has not indexed yet.
MOST_READ, MOST_NOT_INDEXED = 2_000, 10_000


def _countries(_: Scope) -> Choices:
    return dict(sorted(country_names().items(), key=lambda country: country[1].lower()))


def _id_types(_: Scope) -> Choices:
    return {id_type: id_type_words(id_type) for id_type in sorted({row.id_type for row in id_types()})}


def _has_verdict(_: Scope, verdict: str) -> Condition:
    # Both repeat an index's condition word for word, so that the database uses it.
    if verdict == "alarm":
        return IS_ALARMING
    if verdict == "wrong":
        return IS_REFUSED
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


def _parts(q: str, *, whole_id: bool = False) -> list[TextPart]:
    """The text as typed, and as a folded id. See `with_folded_ids`."""
    folded = fold_typed(q)
    if not folded:
        return [TextPart(q.lower())]
    # Without its leading zeros a number is part of many others, so it must match a whole word.
    return [TextPart(q.lower()), TextPart(folded, is_word=whole_id or clean_code(q).startswith("0"))]


def _written(q: str, parts: Sequence[TextPart], row: Any = Callback) -> Condition:
    """Any part of the search text, the beginning of a row's id, or a whole SHA-256. ID numbers are in `number`."""
    found: list[Any] = [condition_of(parts, row.search_text), *_ids_that_begin(q, row)]
    if len(q) == SHA256_LENGTH:
        found.append(row.body_sha256 == q.lower())
    return or_(*found)


def _ids_that_begin(q: str, row: Any = Callback) -> list[ColumnElement[bool]]:
    digits = q.lower().replace("-", "")
    if not BEGINNING_OF_ID.fullmatch(digits):
        return []
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    return [column.between(first, last) for column in (row.id, row.job_id)]


def _matches(scope: Scope, q: str) -> Condition:
    """What `_found` found; where that is too much to name, the condition itself: the list soon finds its page."""
    found = _found(scope, q)
    if len(found) <= COUNT_CAP:
        return is_one_of(scope.session, col(Callback.id), found)
    written = _written(q, _parts(q))
    # The newest that has the text is known, so that nothing newer is read. Ids that begin with it were not in order.
    return written if _ids_that_begin(q) else and_(col(Callback.id) <= UUID(found[0]), written)


def _found(scope: Scope, q: str) -> Sequence[str]:
    """The callbacks that a search finds, newest first, at most COUNT_CAP + 1. Looked up once per session."""
    known: dict[tuple[str, str], Sequence[str]] = scope.session.info.setdefault("found callbacks", {})
    key = (scope.environment, q)
    if key not in known:
        found = set[str]().union(*_found_by_way(scope, q, _parts(q), COUNT_CAP + 1))
        known[key] = sorted(found, reverse=True)[: COUNT_CAP + 1]
    return known[key]


def _found_by_way(scope: Scope, q: str, parts: Sequence[TextPart], limit: int) -> Iterator[Sequence[str]]:
    """Each way has its own index, so that none of them reads all callbacks. The one that takes longest comes last."""
    session, here = scope.session, col(Callback.environment) == scope.environment
    indexed = [part for part in parts if part.is_indexed]
    written = _written(q, parts)
    ways: list[Any] = [select(ID).where(without_index(here), each) for each in _ids_that_begin(q)]
    ways.append(select(ID).where(here, IS_REFUSED, written))
    ways.append(_not_indexed(q, parts, here, col(Callback.id) > indexed_up_to(session)))
    if len(indexed) < len(parts):
        ways.append(newest_indexed(scope.environment, parts, MOST_READ))
    if len(q) == SHA256_LENGTH:
        ways.append(_of_body(scope, q))
    for way in ways:
        yield session.connection().execute(way.limit(limit)).scalars().all()
    yield find_indexed(session, scope.environment, indexed, limit)


def _of_body(scope: Scope, sha256: str) -> Any:
    of_body = select(type_coerce(col(CallbackSearch.callback_id), IdDigits))
    return of_body.where(CallbackSearch.environment == scope.environment, CallbackSearch.body_sha256 == sha256.lower())


def _not_indexed(q: str, parts: Sequence[TextPart], *there: ColumnElement[bool]) -> Any:
    """Those that match among the newest of these callbacks, which are read one by one."""
    read = (Callback.id, Callback.job_id, Callback.body_sha256, Callback.search_text)
    rows = select_columns(*map(col, read)).where(*there).order_by(col(Callback.id).desc())
    newest = rows.limit(MOST_NOT_INDEXED).subquery()
    return select(type_coerce(newest.c.id, IdDigits)).where(_written(q, parts, newest.c))


def callbacks_with_id(scope: Scope, typed: str, limit: int) -> Sequence[Callback]:
    """The newest callbacks of which the id or the job's begins like this, or that name this job or have this SHA-256.

    Only what an index of its own leads to; the list searches in the texts too.
    """
    here, row_id = col(Callback.environment) == scope.environment, col(Callback.id)
    ways: list[Any] = [select(ID).where(without_index(here), each) for each in _ids_that_begin(typed)]
    ways.append(select(ID).where(here, col(Callback.claimed_job_id) == typed).order_by(row_id.desc()))
    if len(typed) == SHA256_LENGTH:
        ways.append(_of_body(scope, typed))
    of_all = union_all(*(select(way.limit(limit).subquery()) for way in ways))
    newest = select(Callback).options(WITHOUT_BODY).where(row_id.in_(of_all)).order_by(row_id.desc())
    return scope.session.exec(newest.limit(limit)).all()


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class CallbackFilter(NumberSearch[Callback]):
    purpose = "callbacks"
    endpoint, json_endpoint = "callbacks.index", "callbacks.index_json"
    table, options, counter, marks = Callback, (WITHOUT_BODY,), COUNTER, SHOWN
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
    verdict: str = choice(
        "Verdict",
        VERDICT_WORDS,
        _has_verdict,
        narrows=lambda value: 1 if value == "valid" else 6,  # Nearly all callbacks are valid.
        dimension="verdict",
        counted_values=VERDICTS.__getitem__,
    )
    product: str = choice(
        "Product",
        PRODUCT_NAMES | {UNKNOWN: "Unknown"},
        _has_product,
        narrows=2,
        dimension="product",
        counted_values=lambda value: ("" if value == UNKNOWN else value,),
    )
    country: str = suggestion(
        "Country",
        _countries,
        lambda _, value: col(Callback.country) == value.upper(),
        country_name,
        narrows=3,
        is_more=True,
        dimension="country",
        counted_values=lambda value: (value.upper(),),
    )
    id_type: str = suggestion(
        "ID type",
        _id_types,
        lambda _, value: col(Callback.id_type) == value.upper(),
        id_type_words,
        narrows=4,
        is_more=True,
    )
    job: str = search(  # our id, the id that Smile knows, or NO_JOB; a job id may identify the customer
        "Job",
        _is_of_job,
        lambda job: "orphans only" if job == NO_JOB else "of one job",
        narrows=7,
        offer=lambda _: {NO_JOB: "Orphans only"},
        stands_as_it_is=_is_job_of_ours,
    )
    again: str = choice("Came", {CAME_AGAIN: "More than once"}, lambda _, __: IS_REPEATED, narrows=5, is_more=True)
    since: str = since_day(Callback.id, hint="Received on this day or later")
    until: str = until_day(Callback.id, hint="Received on this day or earlier")
    day: str = on_day(Callback.id)
    number: str = number_field(find_by_digest(Callback.id_number_digest))

    def is_id(self, scope: Scope) -> bool:
        """Whether it is a whole id: part of one says little, since a number may look the same."""
        return any(_found_by_way(scope, self.q, _parts(self.q, whole_id=True), 1))

    def found_by_search(self, scope: Scope) -> Sequence[str]:
        return _found(scope, self.q)

    @property
    def remarks(self) -> Sequence[str]:
        if not self.q or all(part.is_indexed for part in _parts(self.q)):
            return ()
        what = f"A text of fewer than {SHORTEST} characters, or of one repeated character,"
        return (f"{what} is searched for only in the newest {MOST_READ:,} callbacks.",)

    def is_stored(self, scope: Scope, digests: Sequence[str]) -> bool:
        return _is_there(scope, col(Callback.id_number_digest).in_(digests)) or super().is_stored(scope, digests)


def _is_there(scope: Scope, condition: Condition) -> bool:
    found = select(Callback.id).where(col(Callback.environment) == scope.environment, condition).limit(1)
    return scope.session.exec(found).first() is not None
