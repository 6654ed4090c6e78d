"""Background work in short write transactions, so that on SQLite nobody waits long for the write lock."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic, sleep

from sqlmodel import Session

#: What a batch should take. Nobody should wait for more than 50 ms, and some rows take longer than those before them.
AIM_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.1
#: With fewer rows most of the time would go into the commits.
FEWEST_ROWS = 5

Transaction = Callable[[], AbstractContextManager[Session]]


class Batches:
    """One transaction after the other. `size`: for how many rows the next one has time, judged by the last one."""

    def __init__(self, write: Transaction, first: int = 10, most: int = 500) -> None:
        self.size = first
        self._most = most
        self._write = write
        self._taken = 0.0

    @contextmanager
    def next(self) -> Iterator[Session]:
        """The next transaction, after a pause as long as the last one, so that others get their turn."""
        sleep(min(self._taken, LONGEST_PAUSE_SECONDS))
        with self._write() as session:
            session.connection()  # Only what comes after the wait for the lock counts.
            began = monotonic()
            yield session
        self._taken = monotonic() - began
        wanted = int(self.size * AIM_SECONDS / max(self._taken, AIM_SECONDS / 2))
        self.size = max(FEWEST_ROWS, min(wanted, self._most))
