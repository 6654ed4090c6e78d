"""Small bar charts as rectangles, without a style or a script. A table beside each says the same in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.jobs.filters import JobFilter
from dashboard.overview.activity import GROUPS, OTHERS, Activity

HEIGHT, STEP, WIDTH = 80.0, 20.0, 14.0


@dataclass(frozen=True)
class Bar:
    """A rectangle that leads to the jobs that it stands for."""

    kind: str  # its class
    x: float
    y: float
    width: float
    height: float
    filters: JobFilter


@dataclass(frozen=True)
class Chart:
    bars: Sequence[Bar]
    width: float
    height: float = HEIGHT


def days_chart(activity: Activity) -> Chart:
    """One bar a day, with a part for each group."""
    most = max([day.total for day in activity.days] + [1])
    bars = []
    for place, day in enumerate(activity.days):
        top = HEIGHT
        for group in (*GROUPS, OTHERS):
            height = HEIGHT * day.by_group[group] / most
            top -= height
            if height:
                bars.append(_bar(group, place, top, height, day.filters(group)))
    return Chart(bars, STEP * len(activity.days))


def hours_chart(activity: Activity) -> Chart:
    """Two bars an hour: the same weekday before, and today in front of it."""
    days = (("before", activity.week_before), ("today", activity.today))
    most = max([count for _, day in days for count in day.by_hour.values()] + [1])
    bars = []
    for hour in range(24):
        for kind, day in days:
            if height := HEIGHT * day.by_hour.get(hour, 0) / most:
                filters = day.filters_of_hour(hour)
                bars.append(_bar(kind, hour, HEIGHT - height, height, filters, narrow=kind == "today"))
    return Chart(bars, STEP * 24)


def _bar(kind: str, place: int, top: float, height: float, filters: JobFilter, *, narrow: bool = False) -> Bar:
    width = WIDTH / 2 if narrow else WIDTH
    return Bar(kind, round(STEP * place + (STEP - width) / 2, 1), round(top, 1), width, round(height, 1), filters)
