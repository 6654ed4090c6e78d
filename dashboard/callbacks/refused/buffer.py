"""Collects refused deliveries in memory and writes them together a moment later, outside the requests.

A flood costs a few counters and one transaction a second. A full buffer is not written sooner, or the flood would set
the pace. A process that ends writes its buffer; one that is killed loses the last second.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing.util import Finalize
from threading import Lock, Timer

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dashboard.callbacks.refused.storing import MOST_OF_NETWORK, PERIOD, Refused, store_refused
from dashboard.db import Database
from dashboard.outages import what_is_away
from dashboard.web.security.networks import network_of

WRITE_AFTER = 1.0  # seconds
MOST_WAITING = 200
#: How many networks are counted separately. Of a botnet with more, only the metric counts the rest.
MOST_NETWORKS = 2000
HEAD = 64 * 1024
#: Searched for as text at the beginning of the body, since a refused body may be anything.
JOB_ID = re.compile(rb'"job_id"\s*:\s*"([\x20\x21\x23-\x5b\x5d-\x7e]{1,200})"')

log = structlog.get_logger(__name__)


@dataclass
class _Known:
    """How many rows a network has, and since when."""

    since: datetime
    rows: int = 0


class RefusedDeliveries:
    """The refused deliveries of one process. Requests call `note`, which does not touch the database."""

    def __init__(self, database: Database, environment: str, write_after: float = WRITE_AFTER) -> None:
        self._database = database
        self._environment = environment
        self._write_after = write_after
        self._guard = Lock()  # protects all below
        self._rows: list[Refused] = []
        self._counted: dict[str, Refused] = {}  # by network: those that are only counted
        self._known: dict[str, _Known] = {}
        self._timer: Timer | None = None
        self._at_end: Finalize | None = None
        self._writing = Lock()
        database.before_dispose(self.close)

    def note(self, address: str, now: datetime, describe: Callable[[bool], Refused]) -> None:
        """Notes one delivery. `describe` gets whether it has a row of its own; only then is the body examined."""
        network = _network_of(address)
        with self._guard:
            gets_row = self._gets_row(network, now)
            if not gets_row and (counted := self._counted.get(network)):
                counted.count += 1
                counted.received_at = now
                return
        refused = describe(gets_row)
        refused.source_network = network
        with self._guard:
            if gets_row:
                self._rows.append(refused)
            elif len(self._counted) < MOST_NETWORKS:
                self._counted.setdefault(network, refused)
            self._write_soon()

    def write(self) -> None:
        """Writes all that was noted so far."""
        with self._writing:
            with self._guard:
                rows, counted = self._rows, list(self._counted.values())
                self._forget()
            if not (rows or counted):
                return
            try:
                with self._database.transaction() as session:
                    store_refused(session, self._environment, rows, counted)
            except SQLAlchemyError as error:
                if what_is_away(error):  # An outage is logged once, not for each batch that it affects.
                    return
                log.error("refused_deliveries_not_stored", error=type(error).__name__, lost=len(rows) + len(counted))

    def close(self) -> None:
        """Drops what is not written yet and waits for a write in progress. Called before the database is closed."""
        with self._writing, self._guard:
            self._forget()

    def _forget(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._at_end:
            self._at_end.cancel()
        self._rows, self._counted, self._timer, self._at_end = [], {}, None, None

    def _gets_row(self, network: str, now: datetime) -> bool:
        known = self._known.get(network)
        if known is None or now - known.since > PERIOD:
            if len(self._known) >= MOST_NETWORKS:
                self._known.clear()
            known = self._known[network] = _Known(now)
        if known.rows >= MOST_OF_NETWORK or len(self._rows) >= MOST_WAITING:
            return False
        known.rows += 1
        return True

    def _write_soon(self) -> None:
        if self._timer is None:
            self._timer = Timer(self._write_after, self.write)
            self._timer.name, self._timer.daemon = "refused-deliveries", True
            self._timer.start()
            # The server's processes end without calling `atexit` functions; finalizers run in every process.
            self._at_end = Finalize(None, self.write, exitpriority=1)


_network_of = lru_cache(maxsize=4096)(network_of)


def job_named_in(body: bytes) -> str:
    """The job id that the beginning of a body seems to contain; empty if none is found."""
    found = JOB_ID.search(body, 0, HEAD)
    return found[1].decode() if found else ""
