"""Small bar charts as rectangles, without a style or a script. A table beside each says the same in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.overview.activity import GROUPS, OTHERS, Activity

HEIGHT, STEP, WIDTH = 80.0, 20.0, 14.0


@dataclass(frozen=True)
class Bar:
    kind: str  # its class
    x: float
    y: float
    width: float
    height: float


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
            bars.append(_bar(group, place, top, height))
    return Chart(bars, STEP * len(activity.days))


def hours_chart(activity: Activity) -> Chart:
    """Two bars an hour: the same weekday before, and today in front of it."""
    most = max([max(today, before) for _, today, before in activity.hours] + [1])
    bars = []
    for hour, today, before in activity.hours:
        for kind, count in (("before", before), ("today", today)):
            height = HEIGHT * count / most
            bars.append(_bar(kind, hour, HEIGHT - height, height, narrow=kind == "today"))
    return Chart(bars, STEP * 24)


def _bar(kind: str, place: int, top: float, height: float, *, narrow: bool = False) -> Bar:
    width = WIDTH / 2 if narrow else WIDTH
    return Bar(kind, round(STEP * place + (STEP - width) / 2, 1), round(top, 1), width, round(height, 1))
