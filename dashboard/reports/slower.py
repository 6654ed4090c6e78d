"""Which authorities are slower than usual at the moment, and since when: by the quarters of an hour of today."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.reports.periods import Period, today_in
from dashboard.rollups.durations import quantile
from dashboard.rollups.periods import QUARTER_SECONDS, Grain, first_id_at
from dashboard.web.lists.counting import IdRange, Question, RowCounter
from dashboard.web.lists.fields import NONE, Scope

LOOKED_BACK = timedelta(hours=6)
USUAL_DAYS = 14
#: A few jobs say nothing.
LEAST_NOW, LEAST_USUAL = 5, 30
#: From how many times the usual duration on it is slow.
SLOW = 2.0
BY = ("country", "id_type", "took")

Authority = tuple[str, str]  # a country and an ID type


@dataclass(frozen=True)
class Slower:
    """Half of the results since then took at least `now`, and usually `usual`. Moments are seconds since 1970."""

    country: str
    id_type: str
    since: int
    until: int
    results: int
    now: timedelta
    usual: timedelta

    @property
    def began(self) -> datetime:
        return datetime.fromtimestamp(self.since, UTC)

    @property
    def finds(self) -> dict[str, Any]:
        """The filters of the list of these jobs."""
        of = {"country": self.country or NONE, "id_type": self.id_type}
        return of | {"result": "timed", "time": f"{self.since}-{self.until}"}


def slower_now(scope: Scope, counter: RowCounter, zone: ZoneInfo) -> Sequence[Slower]:
    """Those that are slow in the newest quarter with results, the slowest first."""
    today = today_in(zone, scope.now)
    days = Period(today - timedelta(days=USUAL_DAYS), today, zone)
    end = int(scope.now.timestamp()) // QUARTER_SECONDS * QUARTER_SECONDS + QUARTER_SECONDS
    begin = end - int(LOOKED_BACK.total_seconds())
    lately = counter.count_over_time(scope, _all(IdRange(first_id_at(begin), first_id_at(end))), BY, [Grain.QUARTER])
    if not lately or not any(took for _, (*_, took) in lately):
        return []
    usual = counter.count_by(scope, _all(days.ids), BY)
    by_authority: defaultdict[Authority, defaultdict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for (starts, (country, id_type, took)), count in lately.items():
        if took and id_type:
            by_authority[country, id_type][starts][took] += count
    found = _slower(by_authority, by_authority_of(usual or {}), end)
    return sorted(found, key=lambda each: each.usual / each.now)


def _slower(
    lately: Mapping[Authority, Mapping[int, Counter[str]]], usual: Mapping[Authority, Counter[str]], end: int
) -> Iterator[Slower]:
    for authority, quarters in lately.items():
        before = usual.get(authority, Counter())
        half = quantile(before, 0.5)
        if half is None or before.total() < LEAST_USUAL:
            continue
        since, together = end, Counter[str]()
        for starts in sorted(quarters, reverse=True):
            here = quantile(quarters[starts], 0.5)
            if here is None or here < SLOW * half:
                break
            since, together = starts, together + quarters[starts]
        now = quantile(together, 0.5)
        if now is not None and together.total() >= LEAST_NOW:
            country, id_type = authority
            yield Slower(country, id_type, since, end, together.total(), now, half)


def by_authority_of(sums: Mapping[tuple[str, ...], int]) -> Mapping[Authority, Counter[str]]:
    """How many jobs each authority has of each class of durations, from sums by `BY`."""
    found: defaultdict[Authority, Counter[str]] = defaultdict(Counter)
    for (country, id_type, took), count in sums.items():
        if took:
            found[country, id_type][took] += count
    return found


def _all(ids: IdRange) -> Question:
    return Question({}, ids, {})
