"""The periods of a report: named or from one day to another, the one before it, and its hours, days, weeks or months.

Days begin at midnight in the time zone that rows are counted in, so that a report reads the same for everybody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dashboard.errors import Invalid
from dashboard.rollups.periods import Grain, first_id_at
from dashboard.web.lists.counting import IdRange

DAY = timedelta(days=1)
HOUR_SECONDS = 3600
DEFAULT = "30d"
#: The named periods that end with today, by their number of days.
LAST_DAYS = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
NAMES: Mapping[str, str] = {
    "today": "Today",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last_month": "Last month",
}
FIRST_DAY = date(2000, 1, 1)
MOST_DAYS = 3660


class Every(StrEnum):
    """How long the steps of a chart are."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def grains(self) -> tuple[Grain, ...]:
        """The periods that its sums are made of."""
        if self == Every.HOUR:
            return (Grain.QUARTER,)
        return (Grain.MONTH, Grain.DAY) if self == Every.MONTH else (Grain.DAY,)


#: The longest period in days that a chart shows in such steps. Fewer rows are read, and a chart stays readable.
MOST_DAYS_BY = {Every.HOUR: 4, Every.DAY: 100, Every.WEEK: 190, Every.MONTH: MOST_DAYS}


@dataclass(frozen=True)
class Period:
    """Whole days, from `first` to before `end`."""

    first: date
    end: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def is_of_months(self) -> bool:
        return self.first.day == self.end.day == 1

    @property
    def seconds(self) -> tuple[int, int]:
        return _midnight(self.first, self.zone), _midnight(self.end, self.zone)

    @property
    def ids(self) -> IdRange:
        begin, end = self.seconds
        return IdRange(first_id_at(begin), first_id_at(end))

    @property
    def before(self) -> "Period":
        """As many months, or days, right before it."""
        if not self.is_of_months:
            return Period(self.first - timedelta(days=self.days), self.first, self.zone)
        first = self.first
        for _ in range((self.end.year - first.year) * 12 + self.end.month - first.month):
            first = (first - DAY).replace(day=1)
        return Period(first, self.first, self.zone)

    def is_over(self, now: datetime) -> bool:
        return now.timestamp() >= self.seconds[1]

    def steps(self, every: Every, now: datetime) -> Iterator[tuple[int, int]]:
        """The beginning and end of each step that has begun, in seconds. The first and the last may be cut."""
        begin, end = self.seconds
        while begin < end and begin <= now.timestamp():
            after = min(self._next(begin, every), end)
            yield begin, after
            begin = after

    def _next(self, begin: int, every: Every) -> int:
        here = datetime.fromtimestamp(begin, self.zone)
        if every == Every.HOUR:
            return begin + HOUR_SECONDS - here.minute * 60
        day = here.date()
        if every == Every.DAY:
            return _midnight(day + DAY, self.zone)
        if every == Every.WEEK:
            return _midnight(day + timedelta(days=7 - day.weekday()), self.zone)
        return _midnight(_next_month(day), self.zone)


def named_period(name: str, today: date, zone: ZoneInfo) -> Period:
    this_month = today.replace(day=1)
    if name == "month":
        return Period(this_month, _next_month(today), zone)
    if name == "last_month":
        return Period((this_month - DAY).replace(day=1), this_month, zone)
    return Period(today + DAY - timedelta(days=LAST_DAYS[name]), today + DAY, zone)


def period_between(since: str, until: str, today: date, zone: ZoneInfo) -> Period:
    """From one day to another, both included; a missing end is today. Raises Invalid with a message for each field."""
    wrong: dict[str, str] = {}
    days: dict[str, date] = {}
    for name, typed in (("since", since), ("until", until)):
        try:
            days[name] = date.fromisoformat(typed) if typed or name == "since" else today
        except ValueError:
            wrong[name] = "Enter a date, such as 2026-11-24." if typed else "Enter the day that it begins with."
    if not wrong and days["until"] < days["since"]:
        wrong["until"] = "This is before the day that it begins with."
    if not wrong and days["since"] < FIRST_DAY:
        wrong["since"] = f"Enter a day after {FIRST_DAY:%Y-%m-%d}."
    if not wrong and (days["until"] - days["since"]).days >= MOST_DAYS:
        wrong["until"] = "A report is about ten years at most."
    if wrong:
        raise Invalid(wrong)
    return Period(days["since"], days["until"] + DAY, zone)


def today_in(zone: ZoneInfo, now: datetime) -> date:
    return now.astimezone(zone).date()


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())
