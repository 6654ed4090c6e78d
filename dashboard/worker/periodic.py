"""Periodic work: each piece has a row in the database, and the worker that claims the row runs it.

A killed run is taken over once its lease has run out. A run that raises an exception counts as done.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from time import monotonic

import structlog
from flask import Flask
from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, select

from dashboard.context import context_of, reading, transaction
from dashboard.db import database_now, insert_into
from dashboard.errors import place_of
from dashboard.outages import what_is_away
from dashboard.worker.heartbeat import keep_renewed
from dashboard.worker.models import PeriodicWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Periodic:
    """A piece of periodic work, declared in a slice's tasks.py and registered in its feature.py."""

    name: str  # <slice>.<verb>
    every: timedelta
    run: Callable[[datetime], None]  # called inside the app with no transaction open
    after_start: timedelta = timedelta(0)  # how long a worker must have been running before it claims this


class PeriodicRunner:
    """Runs each piece in its own thread, so that a long run delays neither the clock nor the others."""

    def __init__(self, app: Flask, declared: Sequence[Periodic]) -> None:
        self._app = app
        self._declared = {periodic.name: periodic for periodic in declared}
        self._lease_seconds = context_of(app).settings.lease
        self._started = monotonic()
        self._running: set[str] = set()  # in this process
        self._pool = ThreadPoolExecutor(max(1, len(declared)), thread_name_prefix="periodic")

    def add_rows(self) -> None:
        with transaction() as session:
            add_rows(session, self._declared, database_now(session))

    def start_due(self) -> None:
        """Starts what is due. Called at each tick of the clock."""
        with reading() as session:
            due = find_due(session, self._claimable(), database_now(session))
        for row in due:
            periodic = self._declared[row.name]
            with transaction() as session:
                now = database_now(session)
                lease = claim(session, row, periodic.every, self._lease_seconds, now)
            if lease:
                self._running.add(row.name)
                self._pool.submit(self._run, periodic, lease, now)

    def close(self) -> None:
        """Waits for what is running."""
        self._pool.shutdown()

    def _claimable(self) -> list[str]:
        """What this process may claim.

        What it still runs is left out: the lease may have run out while the database was down.
        """
        age = timedelta(seconds=monotonic() - self._started)
        return [name for name, each in self._declared.items() if name not in self._running and age >= each.after_start]

    def _run(self, periodic: Periodic, lease: str, now: datetime) -> None:
        name = periodic.name
        try:
            with self._app.app_context():
                with keep_renewed(self._app, self._lease_seconds, lambda: self._renew(name, lease), work=name):
                    _run_and_log_errors(periodic, now)
                with transaction() as session:
                    is_ours = finish(session, name, lease, database_now(session))
            if not is_ours:
                log.warning("periodic_lease_lost", work=name)
        except Exception as error:
            # Nobody sees what a thread of the pool raises. The lease runs out, and the work is done again.
            if what_is_away(error) is None:
                log.error("periodic_not_finished", work=name, error=type(error).__name__, where=place_of(error))
        finally:
            self._running.discard(name)

    def _renew(self, name: str, lease: str) -> None:
        with transaction() as session:
            renew(session, name, lease, self._lease_seconds, database_now(session))


def _run_and_log_errors(periodic: Periodic, now: datetime) -> None:
    try:
        periodic.run(now)
    except Exception as error:
        # The text of the error is not logged, since it may quote what a customer gave.
        if what_is_away(error) is None:
            log.error("periodic_failed", work=periodic.name, error=type(error).__name__, where=place_of(error))


def add_rows(session: Session, names: Collection[str], now: datetime) -> None:
    """Adds rows for new work, due at once. Rows without a declaration stay: an older version may still run them."""
    for name in sorted(names):  # In a fixed order, so that two workers do not deadlock.
        row = insert_into(session, PeriodicWork).values(name=name, due_at=now)
        session.connection().execute(row.on_conflict_do_nothing())


def find_due(session: Session, names: Collection[str], now: datetime) -> Sequence[PeriodicWork]:
    return session.exec(select(PeriodicWork).where(col(PeriodicWork.name).in_(names), _is_due(now))).all()


def claim(session: Session, row: PeriodicWork, every: timedelta, seconds: float, now: datetime) -> str | None:
    """Claims the row. Returns the token of the lease, or None if another worker was faster.

    `row` is what `find_due` returned.
    """
    lease = token_hex(8)
    result = session.connection().execute(
        update(PeriodicWork)
        # The new due_at is computed from the one that was read, so it must still be that one.
        .where(col(PeriodicWork.name) == row.name, col(PeriodicWork.due_at) == row.due_at, _is_due(now))
        .values(
            lease=lease,
            lease_until=now + timedelta(seconds=seconds),
            started_at=now,
            due_at=next_due_at(row.due_at, every, now),
        )
    )
    return lease if result.rowcount == 1 else None


def next_due_at(due_at: datetime, every: timedelta, now: datetime) -> datetime:
    """The next point of the row's own grid: periods do not drift, and missed ones are skipped."""
    missed = (now - due_at) // every + 1
    return due_at + max(0, missed) * every


def renew(session: Session, name: str, lease: str, seconds: float, now: datetime) -> None:
    session.connection().execute(
        update(PeriodicWork).where(_is_held(name, lease)).values(lease_until=now + timedelta(seconds=seconds))
    )


def finish(session: Session, name: str, lease: str, now: datetime) -> bool:
    """Ends the lease. Returns False, and changes nothing, if another worker has taken it over."""
    result = session.connection().execute(
        update(PeriodicWork).where(_is_held(name, lease)).values(lease=None, lease_until=None, finished_at=now)
    )
    return result.rowcount == 1


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Its time has come, or the worker that claimed it died."""
    lease, lease_until = col(PeriodicWork.lease), col(PeriodicWork.lease_until)
    return or_(
        and_(lease.is_(None), col(PeriodicWork.due_at) <= now),
        and_(lease.is_not(None), lease_until <= now),
    )


def _is_held(name: str, lease: str) -> ColumnElement[bool]:
    return and_(col(PeriodicWork.name) == name, col(PeriodicWork.lease) == lease)
