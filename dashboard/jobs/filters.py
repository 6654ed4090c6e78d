"""The filter of the list of jobs, and its columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_
from sqlmodel import col

from dashboard.context import current
from dashboard.jobs.counted import COUNTER
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.searches import Ids, NumberSearch, find_by_digest, number_field
from dashboard.jobs.smile_api.catalogue import country_name
from dashboard.smile.warnings import WarningKind
from dashboard.web.lists.fields import (
    NONE,
    Choices,
    Condition,
    Scope,
    choice,
    digest,
    in_range,
    plain_value,
    search,
    since_day,
    suggestion,
    until_day,
)
from dashboard.web.lists.filters import Column
from dashboard.web.pages.filters import words

PRODUCT_NAMES = {product.value: FACTS[product].name for product in FACTS}
IDS = Ids(
    Job,
    by_beginning=(Job.user_id, Job.job_id, Job.smile_job_id, Job.customer_reference),
    folded=(Job.user_id_folded, Job.job_id_folded, Job.smile_job_id_folded, Job.customer_reference_folded),
)


def _countries(_: Scope) -> Choices:
    return dict(sorted(current().catalogue.get().country_names.items(), key=lambda country: country[1].lower()))


def _is_timed() -> Condition:
    return and_(col(Job.submitted_at).is_not(None), col(Job.settled_at).is_not(None))


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
        Column("user", "User id", "m", is_extra=True),
        Column("job", "Job id", "m", is_extra=True),
        Column("smile_job", "Smile's job id", "m", is_extra=True),
        Column("created", "Created", "l", is_extra=True),
    )

    state: str = choice(
        "State",
        {state.value: words(state) for state in JobState},
        lambda _, value: col(Job.state) == JobState(value),
        narrows=1,
        dimension="state",
    )
    outcome: str = choice(
        "Outcome",
        {outcome.value: words(outcome) for outcome in Outcome},
        lambda _, value: col(Job.outcome) == Outcome(value),
        narrows=1,
        dimension="outcome",
    )
    product: str = choice(
        "Product", PRODUCT_NAMES, lambda _, value: col(Job.product) == Product(value), narrows=1, dimension="product"
    )
    country: str = suggestion(
        "Country",
        _countries,
        lambda _, value: col(Job.country).is_(None) if value == NONE else col(Job.country) == value.upper(),
        lambda value: "no country" if value == NONE else country_name(value),
        narrows=1,
        dimension="country",
        counted_values=lambda value: ("" if value == NONE else value.upper(),),
    )
    q: str = search("Any id, or a whole ID number", IDS.find, hint="Id or ID number")
    since: str = since_day(Job.id, hint="Created on this day or later")
    until: str = until_day(Job.id, hint="Created on this day or earlier")
    needs: str = choice(
        "Needs you",
        {name: need.words[0] for name, need in NEEDS.items()},
        lambda scope, value: NEEDS[value].condition(scope.now),
        narrows=2,
        is_in_form=False,
    )
    # What only links of reports ask for.
    id_type: str = plain_value("ID type", Job.id_type, note="Shows only jobs of the ID type", dimension="id_type")
    code: str = plain_value(
        "Result code", Job.result_code, note="Shows only jobs with the result code", dimension="code"
    )
    maker: str = plain_value("Made by", Job.created_by, note="Shows only jobs made by", dimension="maker")
    warning: str = choice(
        "Warning",
        {kind.value: words(kind) for kind in WarningKind},
        lambda _, value: (" " + col(Job.warning_kinds) + " ").contains(f" {value} ", autoescape=True),
        is_in_form=False,
        note="Shows only jobs with the warning",
        within="time",
    )
    result: str = choice(
        "Result",
        {"none": "no outcome yet", "timed": "with a time to result"},
        lambda _, value: col(Job.outcome).is_(None) if value == "none" else _is_timed(),
        is_in_form=False,
        note="Shows only jobs",
        within="time",
    )
    time: str = in_range(Job.id)
    number: str = number_field(find_by_digest(Job.id_number_digest))
    phone: str = digest(
        "a phone number", find_by_digest(Job.phone_digest), "Shows only jobs with the same phone number."
    )

    def is_id(self, scope: Scope) -> bool:
        return IDS.has(scope, self.q)

    def found_by_search(self, scope: Scope) -> Sequence[str]:
        return IDS.found(scope, self.q)
