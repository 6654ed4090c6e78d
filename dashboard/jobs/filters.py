"""The filter of the list of jobs, and its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import String, and_, false, func, literal, literal_column, or_, type_coerce
from sqlmodel import col, select

from dashboard.context import current
from dashboard.jobs.counted import COUNTER
from dashboard.jobs.models import IS_WARNED, Job, JobState, Outcome
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.searches import Ids, NumberSearch, find_by_digest, number_field
from dashboard.jobs.smile_api.catalogue import country_name, id_type_words
from dashboard.jobs.warning_labels import LABELS
from dashboard.smile.constants import SmileApi, id_types, result_codes
from dashboard.smile.warnings import WarningKind
from dashboard.team.models import Member
from dashboard.web.lists.fields import (
    NONE,
    Choices,
    Condition,
    Scope,
    age,
    choice,
    counted_or_none,
    digest,
    has_value,
    in_range,
    search,
    since_day,
    suggestion,
    text,
    until_day,
)
from dashboard.web.lists.filters import Column
from dashboard.web.pages.filters import words

CUSTOMER = "customer"  # the maker of a job that a customer started from a link
MOST_MAKERS = 200
AGES = {
    "1h": ("up to 1 hour", timedelta(hours=1), False),
    "1d": ("up to 1 day", timedelta(days=1), False),
    "7d": ("up to 7 days", timedelta(days=7), False),
    "30d": ("up to 30 days", timedelta(days=30), False),
    "over-1h": ("over 1 hour", timedelta(hours=1), True),
    "over-1d": ("over 1 day", timedelta(days=1), True),
    "over-7d": ("over 7 days", timedelta(days=7), True),
}
FREQUENT_OUTCOMES = (Outcome.APPROVED, Outcome.REJECTED)
#: Result codes that very many jobs have, so that any other filter finds fewer.
FREQUENT_CODES = frozenset(row.code for row in result_codes() if row.outcome == Outcome.APPROVED)
PRODUCT_NAMES = {product.value: FACTS[product].name for product in FACTS}
IDS = Ids(
    Job,
    by_beginning=(Job.user_id, Job.job_id, Job.smile_job_id, Job.customer_reference),
    folded=(Job.user_id_folded, Job.job_id_folded, Job.smile_job_id_folded, Job.customer_reference_folded),
)


def _countries(_: Scope) -> Choices:
    return dict(sorted(current().catalogue.get().country_names.items(), key=lambda country: country[1].lower()))


def _id_types(_: Scope) -> Choices:
    return {id_type: id_type_words(id_type) for id_type in sorted({row.id_type for row in id_types()})}


def _codes(_: Scope) -> Choices:
    return {row.code: f"{row.code} {row.text}" for row in reversed(result_codes()) if row.outcome in set(Outcome)}


def _makers(scope: Scope) -> Choices:
    members = select(Member.email, Member.name).order_by(Member.name).limit(MOST_MAKERS)
    return {CUSTOMER: "a customer"} | dict(scope.session.exec(members).all())


def _has_warning(_: Scope, kind: str) -> Condition:
    # The first part repeats the condition of an index word for word, so that the database uses it.
    kinds = literal(" ").concat(col(Job.warning_kinds)).concat(" ")
    return and_(literal_column(f"({IS_WARNED})"), kinds.contains(f" {kind} ", autoescape=True))


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _of_link(_: Scope, link: str) -> Condition:
    return col(Job.link_id) == UUID(link) if _is_uuid(link) else false()


#: What links of reports and of the overview ask of the result, each with its words.
RESULTS: Mapping[str, tuple[str, Condition]] = {
    "none": ("without an outcome", col(Job.outcome).is_(None)),
    "others": (
        "neither approved nor rejected",
        func.coalesce(type_coerce(Job.outcome, String), "").not_in([each.value for each in FREQUENT_OUTCOMES]),
    ),
    "known": ("with an outcome", col(Job.outcome).is_not(None)),
    "submitted": ("that were submitted", or_(col(Job.submitted_at).is_not(None), col(Job.outcome).is_not(None))),
    "timed": ("with a time to result", and_(col(Job.submitted_at).is_not(None), col(Job.settled_at).is_not(None))),
}


@dataclass(frozen=True)
class JobFilter(NumberSearch[Job]):
    purpose = "jobs"
    endpoint, json_endpoint = "jobs.index", "jobs.index_json"
    table, counter, marks = Job, COUNTER, (Job.version,)
    nouns = ("job", "jobs")
    columns = (
        Column("outcome", "Outcome", "l", is_fixed=True),
        Column("customer", "Customer", is_fixed=True),
        Column("name", "Name", "xs"),
        Column("reason", "Why"),
        Column("product", "Product", "m"),
        Column("where", "Where", "m"),
        Column("callback", "Callback", "m"),
        Column("age", "Age", "xs"),
        Column("by", "By", "s"),
        Column("api", "API", "xs", is_extra=True),
        Column("user", "User id", "m", is_extra=True),
        Column("job", "Job id", "m", is_extra=True),
        Column("smile_job", "Smile's job id", "m", is_extra=True),
        Column("created", "Created", "l", is_extra=True),
    )

    state: str = choice(
        "State",
        {state.value: words(state) for state in JobState},
        lambda _, value: col(Job.state) == JobState(value),
        narrows=2,
        dimension="state",
    )
    outcome: str = choice(
        "Outcome",
        {outcome.value: words(outcome) for outcome in Outcome},
        lambda _, value: col(Job.outcome) == Outcome(value),
        narrows=2,
        dimension="outcome",
    )
    product: str = choice(
        "Product", PRODUCT_NAMES, lambda _, value: col(Job.product) == Product(value), narrows=2, dimension="product"
    )
    country: str = suggestion(
        "Country",
        _countries,
        lambda _, value: has_value(Job.country, value.upper()),
        lambda value: "no country" if value == NONE else country_name(value),
        narrows=2,
        dimension="country",
        counted_values=lambda value: counted_or_none(value.upper()),
    )
    q: str = search("Any id, or a whole ID number", IDS.find, hint="Id or ID number")
    id_type: str = suggestion(
        "ID type",
        _id_types,
        lambda _, value: has_value(Job.id_type, value.upper()),
        lambda value: "no ID type" if value == NONE else id_type_words(value),
        narrows=3,
        is_more=True,
        dimension="id_type",
        counted_values=lambda value: counted_or_none(value.upper()),
    )
    code: str = suggestion(
        "Result code",
        _codes,
        lambda _, value: has_value(Job.result_code, value),
        lambda code: "no result code" if code == NONE else f"code {code}",
        narrows=lambda code: 1 if code in FREQUENT_CODES or code == NONE else 5,
        is_more=True,
        dimension="code",
        counted_values=counted_or_none,
        is_counted_alone=True,
    )
    warning: str = choice(
        "Warning",
        {kind.value: LABELS[kind] for kind in WarningKind},
        _has_warning,
        narrows=6,
        is_more=True,
        dimension="warnings",
        holds=lambda kind, kinds: kind in kinds.split(),
        is_counted_alone=True,
    )
    maker: str = suggestion(
        "Made by",
        _makers,
        lambda _, value: col(Job.created_by) == value,
        lambda value: f"made by {'a customer' if value == CUSTOMER else value}",
        narrows=lambda value: 1 if value == CUSTOMER else 4,
        is_more=True,
        dimension="maker",
        is_counted_alone=True,
    )
    api: str = choice(
        "API of Smile",
        {api.value: api.value for api in SmileApi},
        lambda _, value: col(Job.api) == SmileApi(value),
        narrows=1,
        is_more=True,
        dimension="api",
        is_counted_alone=True,
    )
    age: str = age("Age", Job.id, AGES)
    link: str = text(
        "Link",
        _of_link,
        lambda _: "of one link",
        narrows=8,
        is_in_form=False,
        note="Shows only jobs",
        is_known=_is_uuid,
        unknown="{} is not the id of a link",
    )
    since: str = since_day(Job.id, hint="Created on this day or later")
    until: str = until_day(Job.id, hint="Created on this day or earlier")
    needs: str = choice(
        "Needs you",
        {name: need.words[0] for name, need in NEEDS.items()},
        lambda scope, value: NEEDS[value].condition(scope.now),
        narrows=7,
        is_in_form=False,
    )
    # What only links of reports and of the overview ask for.
    result: str = choice(
        "Result",
        {value: label for value, (label, _) in RESULTS.items()},
        lambda _, value: RESULTS[value][1],
        is_in_form=False,
        note="Shows only jobs",
        within="time",
    )
    time: str = in_range(Job.id)
    number: str = number_field(find_by_digest(Job.id_number_digest))
    phone: str = digest(
        "a phone number", find_by_digest(Job.phone_digest), "Shows only jobs with the same phone number."
    )

    @property
    def narrows(self) -> dict[str, int]:
        """Rare states and outcomes narrow the list more than an ID type, and rare states more than a maker."""
        found = super().narrows
        is_rare_state = self.state not in ("", JobState.DONE)
        is_rare = is_rare_state or self.outcome not in ("", *FREQUENT_OUTCOMES)
        seldom_used = {"id_type": is_rare, "maker": is_rare_state}
        return {name: 1 if seldom_used.get(name) else narrows for name, narrows in found.items()}

    def is_id(self, scope: Scope) -> bool:
        return IDS.has(scope, self.q)

    def found_by_search(self, scope: Scope) -> Sequence[str]:
        return IDS.found(scope, self.q)
