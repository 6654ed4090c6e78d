"""A value read from the database and cached for one second, since another process may change it."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from sqlmodel import Session

from dashboard.db import Database

T = TypeVar("T")

SECONDS_TRUSTED = 1.0


class CachedReading(Generic[T]):
    def __init__(self, database: Database, read: Callable[[Session], T]) -> None:
        self._database = database
        self._read = read
        self._lock = Lock()
        self._known: tuple[T, float] | None = None

    def value(self, *, fresh: bool = False) -> T:
        """The cached value, read again if it is old. Don't call it inside a transaction: it opens its own."""
        with self._lock:
            now = monotonic()
            if fresh or self._known is None or now - self._known[1] > SECONDS_TRUSTED:
                with self._database.reading() as session:
                    self._known = self._read(session), now
            return self._known[0]
