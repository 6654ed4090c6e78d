"""The filters of the list of refused deliveries, and its columns."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import WORDS, RefusalReason
from dashboard.web.lists.fields import Condition, Scope, choice, on_day, since_day, text, until_day
from dashboard.web.lists.filters import Column, ListFilter


def _is_of_job(_: Scope, job: str) -> Condition:
    """By our id of the job, or by the job id in the body."""
    try:
        return col(RefusedDelivery.job_id) == UUID(job)
    except ValueError:
        return col(RefusedDelivery.claimed_job_id) == job


@dataclass(frozen=True)
class RefusedFilter(ListFilter[RefusedDelivery]):
    """Filters the rows that are kept, at most 1,000."""

    purpose = "refused deliveries"
    endpoint, json_endpoint = "callbacks.refused.index", "callbacks.refused.index_json"
    table = RefusedDelivery
    nouns = ("row", "rows")  # one may stand for many deliveries
    columns = (
        Column("reason", "Reason", is_fixed=True),
        Column("status", "Answered", "s"),
        Column("job", "Job"),
        Column("from", "From", "l"),
        Column("size", "Size", "s", is_number=True),
        Column("came", "Came", "m"),
        Column("age", "Age", "xs"),
    )

    reason: str = choice(
        "Reason",
        dict(sorted(WORDS.items(), key=lambda reason: reason[1])),
        lambda _, value: col(RefusedDelivery.reason) == RefusalReason(value),
    )
    # A job id may identify a customer, and nothing is ever removed from a line of the audit trail.
    job: str = text("Job", _is_of_job, lambda _: "of one job", hint="Job id", is_personal=True)
    since: str = since_day(RefusedDelivery.id, hint="Received on this day or later")
    until: str = until_day(RefusedDelivery.id, hint="Received on this day or earlier")
    day: str = on_day(RefusedDelivery.id)
