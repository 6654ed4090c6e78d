"""Moments as whole microseconds since 1970: millions of them are added, compared and written here.

Counting with them takes a tenth of the time that counting with `datetime` takes.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

Moment = int

SECOND: Moment = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(when: datetime) -> Moment:
    return (when - EPOCH) // timedelta(microseconds=1)


def datetime_of(moment: Moment) -> datetime:
    return EPOCH + timedelta(microseconds=moment)


def spelled(moment: Moment, separator: str = "T") -> str:
    """Such as 2026-01-15T09:30:00.123456, in UTC."""
    day, rest = divmod(moment, DAY)
    seconds, microseconds = divmod(rest, SECOND)
    return f"{_date(day)}{separator}{_time(seconds)}.{microseconds:06}"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()


@lru_cache(maxsize=100_000)
def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
