"""Tells whether anybody committed anything, and keeps what is the same for many readers until somebody does.

SQLite counts commits (`PRAGMA data_version`), PostgreSQL numbers transactions (`pg_current_snapshot`). This process's
commits count at once; others' are noticed within 20 ms.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard.recorded_reads import RecordedReads, note_again, recorded

#: Asking more often would only make threads wait for each other: each question releases the interpreter's lock.
SECONDS_BETWEEN_QUESTIONS = 0.02
#: Time alone changes some of it, such as which callbacks are overdue.
SECONDS_KEPT = 5.0
MOST_KEPT = 500
ASK = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}

#: This process's commits, and the database's word on everybody else's.
DataVersion = tuple[int, Any]
T = TypeVar("T")


class DataVersions:
    """`ask` gives the present version, `known` the last one that is still trusted. None: it is not known."""

    def __init__(self, engine: Engine, commits: Callable[[], int]) -> None:
        self._engine, self._commits = engine, commits
        self._connection: Any = None  # The answer means nothing on another one.
        self._asking = Lock()
        self._asked_at = 0.0
        self._of_others: Any = None

    @property
    def known(self) -> DataVersion | None:
        return None if monotonic() - self._asked_at > SECONDS_BETWEEN_QUESTIONS else (self._commits(), self._of_others)

    def ask(self) -> DataVersion | None:
        is_due = monotonic() - self._asked_at > SECONDS_BETWEEN_QUESTIONS
        if is_due and self._asking.acquire(blocking=False):
            try:
                self._of_others = self._ask()
                self._asked_at = monotonic()
            except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):  # Whoever reads next reports it.
                self.close()
                return None
            finally:
                self._asking.release()
        return self._commits(), self._of_others

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self) -> Any:
        if self._connection is None:
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()
            if self._engine.dialect.name == "postgresql":
                self._connection.set_autocommit(True)
        return self._connection.execute(ASK[self._engine.dialect.name]).fetchone()[0]


class OncePerChange:
    """Values that are the same for many readers, such as counts. Nothing personal belongs here."""

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[DataVersion, float, Any, RecordedReads]] = {}

    def get(self, version: DataVersion, key: Hashable, make: Callable[[], T]) -> T:
        """`version`: asked before the transaction began that `make` reads in."""
        known = self._values.get(key)
        if known is None or known[0] != version or monotonic() > known[1]:
            with recorded() as reads:
                value = make()
            if len(self._values) >= MOST_KEPT:
                self._values.clear()
            self._values[key] = known = version, monotonic() + SECONDS_KEPT, value, reads
        _, _, kept, reads = known
        note_again(reads)  # Whoever uses it depends on what it was made of.
        found: T = kept
        return found
