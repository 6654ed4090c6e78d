"""The filter of the list of links, its columns, and the stages as conditions for the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import col

from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.jobs.models import Job
from dashboard.jobs.products import WEB_PRODUCTS, Product
from dashboard.jobs.searches import Ids, NumberSearch, find_by_digest, number_field
from dashboard.links.models import STALLED_AFTER, Link, LinkKind, Stage
from dashboard.web.lists.fields import Condition, Scope, choice, search, since_day, until_day
from dashboard.web.lists.filters import Column

#: Not a stage but a mark: opened or started a while ago, and nothing submitted.
STALLED = "stalled"
IDS = Ids(
    Link,
    by_beginning=(Link.customer_reference,),
    folded=(Link.customer_reference_folded, Link.user_id_folded),
    whole=(Link.user_id,),
)


def _has_job(*conditions: Condition) -> ColumnElement[bool]:
    return exists().where(col(Job.link_id) == col(Link.id), *conditions)


def _has_job_with_number(scope: Scope, asked: str) -> Condition:
    """Links that led to a job with one of the digests."""
    return _has_job(find_by_digest(Job.id_number_digest)(scope, asked))


def _submitted() -> ColumnElement[bool]:
    counted_by_smile = func.coalesce(col(Link.smile_total_jobs), 0) > 0
    return or_(_has_job(col(Job.submitted_at).is_not(None)), counted_by_smile)


def _settled() -> ColumnElement[bool]:
    return _has_job(col(Job.submitted_at).is_not(None), col(Job.settled_at).is_not(None))


def _unsubmitted(*conditions: SQLCoreOperations[bool]) -> ColumnElement[bool]:
    return and_(*conditions, ~_submitted())


def _open_to_staff() -> ColumnElement[bool]:
    return and_(col(Link.paused_at).is_(None), col(Link.revoked_at).is_(None))


def _stalled(now: datetime) -> ColumnElement[bool]:
    """`Link.is_stalled` for the database."""
    seen_at = func.coalesce(col(Link.started_at), col(Link.opened_at))
    return _unsubmitted(_open_to_staff(), seen_at < now - STALLED_AFTER)


#: `Link.stage` for the database, and the mark for stalled links.
STAGES: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    Stage.CREATED: lambda now: _unsubmitted(
        Link.is_live(now), col(Link.opened_at).is_(None), col(Link.started_at).is_(None)
    ),
    Stage.OPENED: lambda now: _unsubmitted(
        Link.is_live(now), col(Link.opened_at).is_not(None), col(Link.started_at).is_(None)
    ),
    Stage.STARTED: lambda now: _unsubmitted(Link.is_live(now), col(Link.started_at).is_not(None)),
    Stage.SUBMITTED: lambda _: and_(_open_to_staff(), _submitted(), ~_settled()),
    Stage.RESULT: lambda _: and_(_open_to_staff(), _settled()),
    Stage.EXPIRED: lambda now: _unsubmitted(_open_to_staff(), col(Link.expires_at) <= now),
    Stage.PAUSED: lambda _: and_(col(Link.revoked_at).is_(None), col(Link.paused_at).is_not(None)),
    Stage.REVOKED: lambda _: col(Link.revoked_at).is_not(None),
    STALLED: _stalled,
}


@dataclass(frozen=True)
class LinkFilter(NumberSearch[Link]):
    purpose = "links"
    endpoint, json_endpoint = "links.index", "links.index_json"
    table = Link
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
        lambda scope, value: STAGES[value](scope.now),
    )
    product: str = choice(
        "Product",
        {product.value: PRODUCT_NAMES[product] for product in WEB_PRODUCTS},
        lambda _, value: col(Link.product) == Product(value),
    )
    kind: str = choice(
        "Kind",
        {LinkKind.HOSTED.value: "Hosted link", LinkKind.SMILE.value: "Smile Link"},
        lambda _, value: col(Link.kind) == LinkKind(value),
    )
    q: str = search("Customer reference, a whole id, or a whole ID number", IDS.find, hint="Customer or id")
    since: str = since_day(Link.id, hint="Made on this day or later")
    until: str = until_day(Link.id, hint="Made on this day or earlier")
    number: str = number_field(_has_job_with_number)

    def is_id(self, scope: Scope) -> bool:
        return IDS.has(scope, self.q)
