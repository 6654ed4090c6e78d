"""Periods: where they begin in a zone, and how a range of ids is made up of whole ones."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.rollups.counted import cubes_of
from dashboard.rollups.counting import cover
from dashboard.rollups.periods import LAST_SECOND, Grain, begin_of, end_of, first_id_at, second_of
from dashboard.web.lists.counting import IdRange

ZONES = [
    "UTC",
    "Africa/Lagos",
    "Asia/Kathmandu",
    "America/New_York",
    "America/Havana",
    "Asia/Beirut",
    "America/St_Johns",
]
CUBES = cubes_of("duck", ("state",))
SECONDS = st.integers(0, LAST_SECOND - 40 * 86_400) | st.integers(1_700_000_000, 1_900_000_000)
#: Of times that dates can say.
IDS = st.none() | SECONDS.map(first_id_at) | st.integers(0, first_id_at(LAST_SECOND - 40 * 86_400))


def at(*parts: Any, zone: str = "UTC") -> int:
    return int(datetime(*parts, tzinfo=ZoneInfo(zone)).timestamp())


def test_days_and_months_begin_at_midnight_in_the_zone():
    moment = int(datetime(2026, 10, 31, 23, 30, tzinfo=UTC).timestamp())
    lagos = ZoneInfo("Africa/Lagos")

    assert begin_of(moment, Grain.DAY, lagos) == at(2026, 11, 1, zone="Africa/Lagos")
    assert begin_of(moment, Grain.MONTH, lagos) == at(2026, 11, 1, zone="Africa/Lagos")
    assert end_of(moment, Grain.MONTH, lagos) == at(2026, 12, 1, zone="Africa/Lagos")
    assert begin_of(moment, Grain.MONTH, ZoneInfo("UTC")) == at(2026, 10, 1)
    assert begin_of(moment + 61, Grain.QUARTER, lagos) == moment


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("grain", [Grain.MONTH, Grain.DAY, Grain.QUARTER])
@given(second=SECONDS)
def test_each_moment_is_in_the_period_that_begins_before_it(zone: str, grain: Grain, second: int):
    here = ZoneInfo(zone)

    begin, end = begin_of(second, grain, here), end_of(second, grain, here)

    assert 0 <= begin <= second < end
    assert (begin_of(begin, grain, here), begin_of(end - 1, grain, here)) == (begin, begin)
    assert begin_of(end, grain, here) == end or end > LAST_SECOND


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
@given(low=IDS, high=IDS)
def test_a_range_is_covered_once_and_wholly(zone: str, low: int | None, high: int | None):
    ids, here = IdRange(low, high), ZoneInfo(zone)
    if ids.is_empty:
        return

    found = cover(ids, CUBES, here, at(2026, 11, 14))

    parts = sorted(
        ((part.low or 0, part.high) for part in (*(span.ids for span in found.spans), *found.rest)),
        key=lambda part: part[0],
    )
    assert (parts[0][0], parts[-1][1]) == (low or 0, high)
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    for span in found.spans:
        assert span.cube.grain != Grain.QUARTER or (span.begin or 0) >= at(2026, 11, 14)
    if low is not None and high is not None and high < first_id_at(LAST_SECOND):
        assert sum((part.high or 0) - (part.low or 0) for part in found.rest) <= first_id_at(2 * 90_000)


def test_whole_months_days_and_quarters_are_taken_from_their_cubes():
    ids = IdRange(first_id_at(at(2026, 8, 30, 12)), first_id_at(at(2026, 11, 28, 10, 20)))

    found = cover(ids, CUBES, ZoneInfo("UTC"), at(2026, 11, 14))

    assert [(span.cube.grain, span.begin, span.end) for span in found.spans] == [
        (Grain.MONTH, at(2026, 9, 1), at(2026, 11, 1)),
        (Grain.DAY, at(2026, 8, 31), at(2026, 9, 1)),
        (Grain.DAY, at(2026, 11, 1), at(2026, 11, 28)),
        (Grain.QUARTER, at(2026, 11, 28), at(2026, 11, 28, 10, 15)),
    ]
    assert list(found.rest) == [
        IdRange(ids.low, first_id_at(at(2026, 8, 31))),
        IdRange(first_id_at(at(2026, 11, 28, 10, 15)), ids.high),
    ]


def test_an_id_of_a_far_future_is_in_the_last_period():
    assert second_of(UUID(int=2**128 - 1)) == LAST_SECOND
    assert end_of(LAST_SECOND, Grain.MONTH, ZoneInfo("UTC")) > LAST_SECOND
