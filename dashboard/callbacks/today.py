"""Today's bar: what arrived since the reader's midnight, and what needs attention. Each count leads to a list."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.callbacks.filters import CAME_AGAIN, NO_JOB, CallbackFilter
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.db import first_id_of
from dashboard.jobs.filters import JobFilter
from dashboard.web.lists.fields import Day, Scope
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.lists.reading import counts_of


@dataclass(frozen=True)
class DayCount:
    name: str
    filters: CallbackFilter | None  # None: a count of jobs or of refused deliveries
    count: int

    @property
    def in_words(self) -> str:
        return f"{self.count:,}" if self.count <= COUNT_CAP else f"{COUNT_CAP:,}+"


def of_today(verdict: str, scope: Scope) -> CallbackFilter:
    return CallbackFilter(day=scope.now.astimezone(scope.zone).date().isoformat(), verdict=verdict)


def counts_of_today(scope: Scope) -> list[DayCount]:
    today = scope.now.astimezone(scope.zone).date()
    day = today.isoformat()
    lists = {
        "received": CallbackFilter(day=day),
        "wrong": CallbackFilter(day=day, verdict="wrong"),
        "duplicates": CallbackFilter(day=day, again=CAME_AGAIN),
        "orphans": CallbackFilter(day=day, job=NO_JOB),
        "alarms": CallbackFilter(day=day, verdict="alarm"),
    }
    # Not only of today: a job can be overdue for longer.
    counts = counts_of(scope, [*lists.values(), JobFilter(needs="overdue")])
    shown = [DayCount(name, lists.get(name), count) for name, count in zip([*lists, "overdue"], counts, strict=True)]
    return [*shown, DayCount("refused", None, _count_refused(scope, Day.of(today, scope.zone)))]


def _count_refused(scope: Scope, day: Day) -> int:
    """Deliveries: one row may stand for several."""
    of_day = [col(RefusedDelivery.id) >= first_id_of(day.begins), col(RefusedDelivery.id) < first_id_of(day.ends)]
    total = select(func.coalesce(func.sum(RefusedDelivery.count), 0))
    return int(scope.session.exec(total.where(RefusedDelivery.environment == scope.environment, *of_day)).one())
