"""What one process knows of the database, read again every second: another process may have changed it."""

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
        """Not within a transaction: it reads with one of its own."""
        with self._lock:
            now = monotonic()
            if fresh or self._known is None or now - self._known[1] > SECONDS_TRUSTED:
                with self._database.reading() as session:
                    self._known = self._read(session), now
            return self._known[0]
