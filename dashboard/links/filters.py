"""The filter of the list of links, its columns, and the stages as conditions for the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, func, literal_column, type_coerce
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import col, select

from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.jobs.models import Job
from dashboard.jobs.products import WEB_PRODUCTS
from dashboard.jobs.searches import Ids, NumberSearch, find_by_digest, number_field
from dashboard.jobs.smile_api.catalogue import country_name
from dashboard.links.counted import COUNTER
from dashboard.links.models import PHASES, STALLED_AFTER, Link, LinkKind, Stage
from dashboard.web.lists.fields import (
    NONE,
    Condition,
    Scope,
    choice,
    counted_or_none,
    has_value,
    in_range,
    plain_value,
    search,
    since_day,
    text,
    until_day,
)
from dashboard.web.lists.filters import Column
from dashboard.web.pages.filters import words

#: Not a stage but a mark: opened or started a while ago, and nothing submitted.
STALLED = "stalled"
#: Of a number, for example a test number.
MOST_JOBS = 10_000
IDS = Ids(
    Link,
    by_beginning=(Link.customer_reference,),
    folded=(Link.customer_reference_folded, Link.user_id_folded),
    whole=(Link.user_id,),
)


def _has_job_with_number(scope: Scope, asked: str) -> Condition:
    """Links that led to a job with one of the digests. Of a number that very many jobs share, to the newest of them."""
    newest = select(Job.link_id, Job.id).where(Job.environment == scope.environment)
    newest = newest.where(find_by_digest(Job.id_number_digest)(scope, asked))
    few = newest.order_by(col(Job.id).desc()).limit(MOST_JOBS).subquery()
    return col(Link.id).in_(select(few.c.link_id).where(few.c.link_id.is_not(None)))


def _in(phase: str, *conditions: SQLCoreOperations[bool]) -> ColumnElement[bool]:
    needed: ColumnElement[bool] = literal_column(f"({PHASES[phase]})")
    return and_(needed, *conditions)


def _unsubmitted(*conditions: SQLCoreOperations[bool]) -> ColumnElement[bool]:
    return _in("unsubmitted", *conditions)


#: `Link.stage` for the database, and the mark for stalled links, which is `Link.is_stalled`.
STAGES: dict[str, Callable[[Scope], ColumnElement[bool]]] = {
    Stage.CREATED: lambda scope: _unsubmitted(
        col(Link.expires_at) > scope.now, col(Link.opened_at).is_(None), col(Link.started_at).is_(None)
    ),
    Stage.OPENED: lambda scope: _unsubmitted(
        col(Link.expires_at) > scope.now, col(Link.opened_at).is_not(None), col(Link.started_at).is_(None)
    ),
    Stage.STARTED: lambda scope: _unsubmitted(col(Link.expires_at) > scope.now, col(Link.started_at).is_not(None)),
    Stage.SUBMITTED: lambda _: _in("submitted"),
    Stage.RESULT: lambda _: _in("result"),
    Stage.EXPIRED: lambda scope: _unsubmitted(col(Link.expires_at) <= scope.now),
    Stage.PAUSED: lambda _: _in("paused"),
    Stage.REVOKED: lambda _: _in("revoked"),
    STALLED: lambda scope: _unsubmitted(
        func.coalesce(col(Link.started_at), col(Link.opened_at)) < scope.ago(STALLED_AFTER)
    ),
}


#: What customers go through, one after the other.
STEPS = (Stage.CREATED, Stage.OPENED, Stage.STARTED, Stage.SUBMITTED, Stage.RESULT)


def _at_least(stage: str) -> Sequence[str]:
    return [each.value for each in STEPS[STEPS.index(Stage(stage)) :]]


@dataclass(frozen=True)
class LinkFilter(NumberSearch[Link]):
    purpose = "links"
    endpoint, json_endpoint = "links.index", "links.index_json"
    table, counter, marks = Link, COUNTER, (Link.version,)
    nouns = ("link", "links")
    columns = (
        Column("stage", "Stage", "xl", is_fixed=True),
        Column("customer", "Customer", is_fixed=True),
        Column("product", "Product"),
        Column("where", "Where", "m"),
        Column("uses", "Uses", "s"),
        Column("works_for", "Works for", "s"),
        Column("age", "Age", "xs"),
        Column("by", "By", "s"),
        Column("created", "Created", "l", is_extra=True),
    )

    stage: str = choice(
        "Stage",
        {stage.value: stage.value.capitalize() for stage in Stage} | {STALLED: "Not finished"},
        lambda scope, value: STAGES[value](scope),
        narrows=3,
    )
    product: str = choice(
        "Product",
        {product.value: PRODUCT_NAMES[product] for product in WEB_PRODUCTS} | {NONE: "Several"},
        lambda _, value: has_value(Link.product, value),
        narrows=lambda value: 0 if value == NONE else 2,
        dimension="product",
        counted_values=counted_or_none,
    )
    kind: str = choice(
        "Kind",
        {LinkKind.HOSTED.value: "Hosted link", LinkKind.SMILE.value: "Smile Link"},
        lambda _, value: col(Link.kind) == LinkKind(value),
        narrows=1,
        dimension="kind",
    )
    q: str = search("Customer reference, a whole id, or a whole ID number", IDS.find, hint="Customer or id")
    since: str = since_day(Link.id, hint="Made on this day or later")
    until: str = until_day(Link.id, hint="Made on this day or earlier")
    # What only links of reports and of the overview ask for.
    reached: str = choice(
        "Reached",
        {stage.value: words(stage) for stage in STEPS},
        lambda _, value: type_coerce(Link.reached, String).in_(_at_least(value)),
        is_in_form=False,
        note="Shows only links that came at least as far as",
        within="time",
        dimension="state",
        counted_values=_at_least,
    )
    country: str = plain_value("Country", Link.country, country_name, note="Shows only links for", dimension="country")
    maker: str = text(
        "Made by",
        lambda _, value: col(Link.created_by) == value,
        narrows=4,
        is_in_form=False,
        note="Shows only links made by",
        dimension="maker",
    )
    time: str = in_range(Link.id)
    number: str = number_field(_has_job_with_number)

    def is_id(self, scope: Scope) -> bool:
        return IDS.has(scope, self.q)

    def found_by_search(self, scope: Scope) -> Sequence[str]:
        return IDS.found(scope, self.q)
