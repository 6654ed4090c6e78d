"""Counts tries in the memory of this process, and says when there were too many."""

from threading import Lock

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Throttle:
    """Any number of limits, each for any number of keys, such as addresses. A limit's namespace keeps it apart.

    Two threads that meet in the library's storage may start its timer twice, which is an error; so they take turns.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._turn = Lock()

    def hit(self, limit: RateLimitItem, *key: str) -> bool:
        """Counts one more, and tells whether it is within the limit."""
        with self._turn:
            return self._limiter.hit(limit, *key)
