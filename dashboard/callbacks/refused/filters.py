"""What the list of refused deliveries shows, field by field."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import WORDS, RefusalReason
from dashboard.web.lists.fields import Condition, Scope, choice, on_day, since_day, text, until_day
from dashboard.web.lists.filters import Column, ListFilter


def _is_of_job(_: Scope, job: str) -> Condition:
    """Our id of it, or what the body called it."""
    try:
        return col(RefusedDelivery.job_id) == UUID(job)
    except ValueError:
        return col(RefusedDelivery.claimed_job_id) == job


@dataclass(frozen=True)
class RefusedFilter(ListFilter[RefusedDelivery]):
    """Of the 1,000 rows at most that are kept."""

    purpose = "refused deliveries"
    endpoint, json_endpoint = "callbacks.refused.index", "callbacks.refused.index_json"
    table = RefusedDelivery
    nouns = ("row", "rows")  # one may stand for many deliveries
    columns = (
        Column("reason", "Reason", is_fixed=True),
        Column("status", "Answered", "m"),
        Column("job", "Job"),
        Column("from", "From", "l"),
        Column("size", "Size", "m", is_number=True),
        Column("came", "Came", "l"),
        Column("age", "Age", "s"),
    )

    reason: str = choice(
        "Reason",
        dict(sorted(WORDS.items(), key=lambda reason: reason[1])),
        lambda _, value: col(RefusedDelivery.reason) == RefusalReason(value),
    )
    # The name of a job may describe a customer, and the trail keeps what it has for good.
    job: str = text("Job", _is_of_job, lambda _: "of one job", hint="Job id", is_personal=True)
    since: str = since_day(RefusedDelivery.id, hint="Received on this day or later")
    until: str = until_day(RefusedDelivery.id, hint="Received on this day or earlier")
    day: str = on_day(RefusedDelivery.id)
