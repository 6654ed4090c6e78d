"""What the list of refused deliveries shows, field by field."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import WORDS, RefusalReason
from dashboard.web.lists.fields import Condition, Scope, came_on, choice, day, text
from dashboard.web.lists.filters import ListFilter


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

    reason: str = choice(
        "Reason",
        dict(sorted(WORDS.items(), key=lambda reason: reason[1])),
        lambda _, value: col(RefusedDelivery.reason) == RefusalReason(value),
    )
    # The name of a job may describe a customer, and the trail keeps what it has for good.
    job: str = text("Job", _is_of_job, lambda _: "of one job", hint="Job id", is_personal=True)
    day: str = day("Day", came_on(RefusedDelivery.id), "on {}", hint="Received on this day (UTC)")
