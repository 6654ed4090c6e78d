"""Periods that rows are counted by: which one a moment is in, and how a range of time is made up of whole periods.

Moments are whole seconds since 1970. Days and months begin at midnight in a time zone; quarters of an hour are the same
in every zone, since the offsets of all zones are multiples of them.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

QUARTER_SECONDS = 900
#: Ids may stand for any time up to the year 10889; dates end with 9999.
LAST_SECOND = 253_000_000_000
BITS_BELOW_TIME = 80


class Grain(StrEnum):
    EVER = "ever"
    MONTH = "month"
    DAY = "day"
    QUARTER = "quarter"  # of an hour


def second_of(row_id: UUID) -> int:
    """When the row was made, by its id."""
    return min((row_id.int >> BITS_BELOW_TIME) // 1000, LAST_SECOND)


def first_id_at(second: int) -> int:
    """The lowest id of that second, as a number."""
    return second * 1000 << BITS_BELOW_TIME


def begin_of(second: int, grain: Grain, zone: ZoneInfo) -> int:
    """The beginning of the period that the second is in, but not before 1970, when ids begin."""
    if grain == Grain.EVER:
        return 0
    if grain == Grain.QUARTER:
        return second - second % QUARTER_SECONDS
    day = _day_of(second, zone)
    return max(0, _midnight(day if grain == Grain.DAY else day.replace(day=1), zone))


def end_of(second: int, grain: Grain, zone: ZoneInfo) -> int:
    """The end of the period that the second is in, where the next one begins. Only for periods that end."""
    if grain == Grain.QUARTER:
        return begin_of(second, grain, zone) + QUARTER_SECONDS
    day = _day_of(second, zone)
    if grain == Grain.DAY:
        return _midnight(day + timedelta(days=1), zone)
    return _midnight((day.replace(day=1) + timedelta(days=31)).replace(day=1), zone)


def _day_of(second: int, zone: ZoneInfo) -> date:
    """The day by its midnights. Where clocks go back over midnight, a clock shows the day before for a while."""
    second = max(0, min(second, LAST_SECOND))
    day = datetime.fromtimestamp(second, zone).date()
    if second < _midnight(day, zone):
        return day - timedelta(days=1)
    after = day + timedelta(days=1)
    return after if second >= _midnight(after, zone) else day


@lru_cache(maxsize=8192)
def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())
