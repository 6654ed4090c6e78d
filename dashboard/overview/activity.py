"""The jobs of the last fourteen days, and of today hour by hour beside the same weekday before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from dashboard.db import once_per_change
from dashboard.jobs.counted import COUNTED
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Outcome
from dashboard.rollups.periods import QUARTER_SECONDS, Grain, begin_of
from dashboard.rollups.series import Course, count_by_quarter
from dashboard.web.lists.fields import Day, Scope

DAYS, WEEK = 14, 7
#: How the outcomes are shown: the last group is everything that has no such outcome.
GROUPS = (Outcome.APPROVED.value, Outcome.REJECTED.value)
OTHERS = "others"


@dataclass(frozen=True)
class DayOfJobs:
    """The jobs that were made on one day, by group and by hour."""

    day: date
    by_group: Mapping[str, int] = field(default_factory=dict)
    by_hour: Mapping[int, int] = field(default_factory=dict)
    zone: tzinfo = UTC

    @property
    def total(self) -> int:
        return sum(self.by_group.values())

    def filters(self, group: str = "") -> JobFilter:
        """The list of these jobs."""
        if group == OTHERS:
            return JobFilter(result=OTHERS, time=_range_of(Day.of(self.day, self.zone)))
        return JobFilter(since=self.day.isoformat(), until=self.day.isoformat(), outcome=group)

    def filters_of_hour(self, hour: int) -> JobFilter:
        """The list of its jobs of one hour, which is longer or shorter where the clocks change."""
        day = Day.of(self.day, self.zone)
        quarters = range(int(day.begins.timestamp()), int(day.ends.timestamp()), QUARTER_SECONDS)
        in_hour = [each for each in quarters if datetime.fromtimestamp(each, self.zone).hour == hour]
        return JobFilter(time=f"{in_hour[0]}-{in_hour[-1] + QUARTER_SECONDS}" if in_hour else "0-0")


@dataclass(frozen=True)
class Activity:
    """The days in order; the last is today."""

    days: Sequence[DayOfJobs]

    @property
    def today(self) -> DayOfJobs:
        return self.days[-1]

    @property
    def week_before(self) -> DayOfJobs:
        return self.days[-1 - WEEK]

    @property
    def hours(self) -> list[tuple[int, int, int]]:
        """Each hour with its jobs of today and of the same weekday before."""
        return [(hour, self.today.by_hour.get(hour, 0), self.week_before.by_hour.get(hour, 0)) for hour in range(24)]


def activity_of(scope: Scope) -> Activity | None:
    """None: there are too many jobs that the worker has not counted yet."""
    today = scope.now.astimezone(scope.zone).date()
    key = ("activity", scope.environment, str(scope.zone), today)
    return once_per_change(scope.session, key, lambda: _read(scope, today))


def _read(scope: Scope, today: date) -> Activity | None:
    days = [today - timedelta(days=before) for before in reversed(range(DAYS))]
    begins = {int(Day.of(day, scope.zone).begins.timestamp()): day for day in days}
    end = int(Day.of(today, scope.zone).ends.timestamp())
    course = count_by_quarter(scope, COUNTED, min(begins), end, ("outcome",))
    return None if course is None else Activity(_by_day(scope, begins, course))


def _by_day(scope: Scope, begins: Mapping[int, date], course: Course) -> list[DayOfJobs]:
    groups = {day: Counter(dict.fromkeys((*GROUPS, OTHERS), 0)) for day in begins.values()}
    hours = {day: Counter[int]() for day in begins.values()}
    for (quarter, (outcome,)), count in course.items():
        day = begins[begin_of(quarter, Grain.DAY, scope.zone)]  # type: ignore[arg-type]  # any zone will do
        groups[day][outcome if outcome in GROUPS else OTHERS] += count
        hours[day][datetime.fromtimestamp(quarter, scope.zone).hour] += count
    return [DayOfJobs(day, groups[day], hours[day], scope.zone) for day in begins.values()]


def _range_of(day: Day) -> str:
    return f"{int(day.begins.timestamp())}-{int(day.ends.timestamp())}"
