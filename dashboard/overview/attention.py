"""What needs somebody now, oldest first. Each feature registers its lines."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dashboard.context import current
from dashboard.db import once_per_change
from dashboard.rollups.periods import BITS_BELOW_TIME
from dashboard.web.access import may_open
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.lists.reading import counts_of, oldest_of


@dataclass(frozen=True)
class Need:
    """`count` rows, the oldest of which was made at `oldest`; more than COUNT_CAP are not counted."""

    words: tuple[str, str]
    filters: ListFilter[Any]
    count: int
    oldest: datetime

    @property
    def is_exact(self) -> bool:
        return self.count <= COUNT_CAP

    @property
    def shown(self) -> int:
        return min(self.count, COUNT_CAP)


def what_needs_somebody(scope: Scope) -> list[Need]:
    lines = [(line, line.filters(scope)) for line in current().features.attention]
    lines = [(line, filters) for line, filters in lines if may_open(filters.endpoint)]
    lists = [filters for _, filters in lines]
    key = ("attention", scope.environment, str(scope.zone), *(line.words for line, _ in lines))
    counts, oldest = once_per_change(scope.session, key, lambda: (counts_of(scope, lists), oldest_of(scope, lists)))
    found = [
        Need(line.words, filters, count, _made_at(first))
        for (line, filters), count, first in zip(lines, counts, oldest, strict=True)
        if first is not None
    ]
    return sorted(found, key=lambda need: need.oldest)


def _made_at(row_id: Any) -> datetime:
    return datetime.fromtimestamp((row_id.int >> BITS_BELOW_TIME) / 1000, UTC)
