"""Periods: what their names mean, what comes before them, and the steps that they are made of."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from dashboard.reports.periods import NAMES, Every, Period, named_period, period_between

TODAY = date(2026, 11, 28)
ZONE = ZoneInfo("UTC")
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("name", "first", "end", "before"),
    [
        ("today", "2026-11-28", "2026-11-29", "2026-11-27"),
        ("7d", "2026-11-22", "2026-11-29", "2026-11-15"),
        ("30d", "2026-10-30", "2026-11-29", "2026-09-30"),
        ("90d", "2026-08-31", "2026-11-29", "2026-06-02"),
        ("month", "2026-11-01", "2026-12-01", "2026-10-01"),
        ("last_month", "2026-10-01", "2026-11-01", "2026-09-01"),
    ],
)
def test_a_name_stands_for_days_and_for_as_many_before(name: str, first: str, end: str, before: str) -> None:
    period = named_period(name, TODAY, ZONE)

    assert (period.first, period.end) == (date.fromisoformat(first), date.fromisoformat(end))
    assert (period.before.first, period.before.end) == (date.fromisoformat(before), period.first)
    assert name in NAMES


def test_several_whole_months_follow_as_many_months() -> None:
    period = period_between("2026-01-01", "2026-03-31", TODAY, ZONE)

    assert period.is_of_months
    assert (period.before.first, period.before.end) == (date(2025, 10, 1), date(2026, 1, 1))


@pytest.mark.parametrize("every", Every)
@pytest.mark.parametrize("zone", [ZONE, PARIS, ZoneInfo("Australia/Lord_Howe")])
def test_steps_follow_each_other_to_the_end(every: Every, zone: ZoneInfo) -> None:
    """Also over a change of the clocks."""
    period = Period(date(2026, 3, 18), date(2026, 4, 7), zone)

    steps = list(period.steps(every, datetime(2027, 1, 1, tzinfo=UTC)))

    assert (steps[0][0], steps[-1][1]) == period.seconds
    assert all(before[1] == after[0] for before, after in pairwise(steps))
    assert len(steps) == {Every.HOUR: 20 * 24, Every.DAY: 20, Every.WEEK: 4, Every.MONTH: 2}[every] + (
        # Paris loses an hour; Lord Howe Island gains half an hour, which makes a step of its own.
        (every == Every.HOUR) * {"UTC": 0, "Europe/Paris": -1, "Australia/Lord_Howe": 1}[zone.key]
    )


def test_what_has_not_begun_is_no_step() -> None:
    steps = list(named_period("today", TODAY, ZONE).steps(Every.HOUR, datetime(2026, 11, 28, 2, 30, tzinfo=UTC)))

    assert len(steps) == 3
