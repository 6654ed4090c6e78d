"""Rate limits, counted first in the memory of this process and then for all processes.

The shared counts are in the database. A process writes there only once it has counted a part of a limit, so that a
flood does not cost a transaction for each request. Together, several processes may let through a few more than the
limit: less than one such part each.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

import structlog
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import Database, utc_now
from dashboard.web.security.tries import add_tries

#: A limit is written to the database in this many parts.
PARTS = 20
#: The most keys kept in memory. Beyond that, the least recently seen ones are forgotten.
MOST_KEYS = 10_000
#: When the database does not answer, this process counts by itself for this long.
PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Throttle:
    """Counts any number of limits, each for any number of keys, such as addresses. A namespace separates limits."""

    def __init__(self, database: Database) -> None:
        self._own = OwnCounts()
        self._shared = SharedCounts(database)

    def hit(self, limit: RateLimitItem, *key: str) -> bool:
        """Counts one more try. Returns whether it is within the limit.

        Don't call it inside a transaction: it may write in its own.
        """
        return self._own.hit(limit, *key) and self._shared.hit(limit, " ".join(key))


class OwnCounts:
    """The counts of this process, exact to the second.

    Two threads in the library's storage may start its timer twice, which is an error, so they take turns.
    """

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._turn = Lock()

    def hit(self, limit: RateLimitItem, *key: str) -> bool:
        with self._turn:
            if len(self._storage.events) > MOST_KEYS:
                self._storage.reset()
            return self._limiter.hit(limit, *key)


@dataclass
class _Count:
    ends_at: datetime
    total: int = 0  # of all processes, when this one last wrote
    unwritten: int = 0


class SharedCounts:
    """The counts of all processes, in windows that begin with the first try."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = Lock()  # guards all below
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._paused_until = 0.0

    def hit(self, limit: RateLimitItem, key: str) -> bool:
        with self._guard:
            count = self._count_of(limit, key)
            if count.total + count.unwritten >= limit.amount:
                return False
            count.unwritten += 1
            part = max(1, limit.amount // PARTS)
            if count.unwritten < part or monotonic() < self._paused_until:
                return True
            times, count.unwritten = count.unwritten, 0
            count.total += times
        return self._write(limit, key, count, times)

    def _count_of(self, limit: RateLimitItem, key: str) -> _Count:
        name, now = (limit.namespace, key), utc_now()
        count = self._counts.pop(name, None)
        if count is None or now >= count.ends_at:
            count = _Count(now + timedelta(seconds=limit.get_expiry()))
        self._counts[name] = count  # now the one seen last
        if len(self._counts) > MOST_KEYS:
            self._counts.popitem(last=False)
        return count

    def _write(self, limit: RateLimitItem, key: str, count: _Count, times: int) -> bool:
        """Writes the tries. Returns whether they were within the limit."""
        now, window = utc_now(), timedelta(seconds=limit.get_expiry())
        try:
            with self._database.transaction() as session:
                total, began_at = add_tries(session, limit.namespace, key, now, window, times)
        except SQLAlchemyError as error:
            log.warning("tries_not_shared", error=type(error).__name__)
            with self._guard:
                self._paused_until = monotonic() + PAUSE_SECONDS
            return True
        with self._guard:
            count.total = max(count.total, total)
            count.ends_at = began_at + window
        return total <= limit.amount
