"""Recognises outages in errors, and logs each outage: one line when it begins, one when it ends."""

import errno
from dataclasses import dataclass
from threading import Lock
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as WaitedTooLong

log = structlog.get_logger(__name__)

#: An outage is over once something works again and this many seconds have passed without a failure.
CALM_SECONDS = 5.0
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
#: After this time a line says that the outage still lasts; each further reminder waits twice as long.
FIRST_REMINDER_SECONDS = 60.0

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Away:
    """A part that cannot be used at the moment. `sentence` is for people; it quotes no error and no address."""

    part: str
    sentence: str


DATABASE_AWAY = Away("database", "The database does not answer.")
DATABASE_BUSY = Away("database", "The database is busy: something else holds what this needs.")
DATABASE_READ_ONLY = Away("database", "The database accepts no changes at the moment.")
DATABASE_FULL = Away("database", "There is no room left on the database disk.")
DATABASE_DAMAGED = Away("database", "The database file is damaged.")
DISK_FULL = Away("disk", "There is no room left on the disk.")

#: Primary result codes of SQLite: https://www.sqlite.org/rescode.html
OF_SQLITE = {
    3: DATABASE_AWAY,  # PERM
    5: DATABASE_BUSY,
    6: DATABASE_BUSY,  # LOCKED
    8: DATABASE_READ_ONLY,
    10: DATABASE_AWAY,  # IOERR
    11: DATABASE_DAMAGED,  # CORRUPT
    13: DATABASE_FULL,
    14: DATABASE_AWAY,  # CANTOPEN
    26: DATABASE_DAMAGED,  # NOTADB
}
#: Codes and classes of codes of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
OF_POSTGRESQL = {
    "25006": DATABASE_READ_ONLY,
    "40001": DATABASE_BUSY,  # serialization failure
    "40P01": DATABASE_BUSY,  # deadlock
    "53100": DATABASE_FULL,
    "55P03": DATABASE_BUSY,  # lock timeout
    "57014": DATABASE_BUSY,  # statement timeout
    "08": DATABASE_AWAY,  # connection
    "28": DATABASE_AWAY,  # the password is no longer accepted
    "3D": DATABASE_AWAY,  # there is no such database
    "53": DATABASE_AWAY,  # resources, such as too many connections
    "57": DATABASE_AWAY,  # shutting down or starting
    "58": DATABASE_AWAY,  # system error
}


def what_is_away(error: BaseException) -> Away | None:
    """The part that the error shows to be unavailable; None if the error is a bug."""
    if isinstance(error, WaitedTooLong):
        return DATABASE_BUSY  # No connection or turn to write became free in time.
    if isinstance(error, DBAPIError):
        return _what_the_driver_says(error)
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return DISK_FULL
    return None


def _what_the_driver_says(error: DBAPIError) -> Away | None:
    if error.connection_invalidated:
        return DATABASE_AWAY
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return OF_SQLITE.get(sqlite_code & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return OF_POSTGRESQL.get(state) or OF_POSTGRESQL.get(state[:2])
    # psycopg has no code for a connection that failed or broke.
    is_of_connection = type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    return DATABASE_AWAY if is_of_connection and type(error.orig).__module__.startswith("psycopg") else None


class OutageLog:
    """The outages of one part in one process, shared by its threads."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._lock = Lock()
        self._began_at: float | None = None
        self._failed_at = 0.0
        self._is_failing = False
        self._failures = 0
        self._remind_after = FIRST_REMINDER_SECONDS

    @property
    def is_on(self) -> bool:
        return self._began_at is not None

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next try; it grows with the outage."""
        began_at = self._began_at
        lasted = 0.0 if began_at is None else monotonic() - began_at
        return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, lasted / 2))

    @property
    def is_time_to_try(self) -> bool:
        return not self._is_failing or monotonic() - self._failed_at >= self.pause_seconds

    def failed(self, why: str) -> None:
        """`why` is a sentence or the type of an error, never its text."""
        with self._lock:
            now = monotonic()
            self._failed_at = now
            self._is_failing = True
            self._failures += 1
            if self._began_at is None:
                self._began_at, self._failures, self._remind_after = now, 1, FIRST_REMINDER_SECONDS
                log.error("part_away", part=self._part, why=why)
            elif now - self._began_at >= self._remind_after:
                self._remind_after *= 2
                log.error("part_still_away", part=self._part, why=why, **self._facts(now))

    def worked(self) -> None:
        if self._began_at is None:
            return
        with self._lock:
            self._is_failing = False
            now = monotonic()
            if self._began_at is None or now - self._failed_at < CALM_SECONDS:
                return
            log.warning("part_is_back", part=self._part, **self._facts(now))
            self._began_at = None

    def _facts(self, now: float) -> dict[str, float]:
        began_at = now if self._began_at is None else self._began_at
        return {"seconds": round(now - began_at, 1), "failures": self._failures}
