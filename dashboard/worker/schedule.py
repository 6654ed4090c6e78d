"""The clock of a worker: every second or so it finds the rows that are due, and starts periodic work."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event
from uuid import UUID

import structlog
from flask import Flask
from sqlmodel import Session

from dashboard.db import reading, utc_now
from dashboard.errors import place_of
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.queue import Queue

log = structlog.get_logger(__name__)

#: Finds the ids of due rows: (session, now, limit) -> ids. The task's name comes with it.
FindDue = Callable[[Session, datetime, int], Sequence[UUID]]

MOST_AT_ONCE = 100


def sweep(queue: Queue, due: Mapping[str, FindDue], now: datetime) -> int:
    """Wakes what is due and tells how many; a full queue is left alone, since the same rows are found again."""
    if queue.is_busy(MOST_AT_ONCE):
        return 0
    woken = 0
    for task_name, find_due in due.items():
        with reading() as session:
            ids = find_due(session, now, MOST_AT_ONCE)
        for row_id in ids:
            queue.wake(task_name, row_id)
        woken += len(ids)
    return woken


def run_clock(
    app: Flask,
    queue: Queue,
    due: Mapping[str, FindDue],
    periodic: PeriodicRunner,
    every_seconds: float,
    stop: Event,
) -> None:
    """Runs until `stop` is set. A database or queue that does not answer is tried again at the next tick."""
    while not stop.wait(every_seconds):
        with app.app_context():
            try:
                sweep(queue, due, utc_now())
                periodic.start_due()
            except Exception as error:
                # Whatever it was, a worker without its clock would look alive and leave every lost task lost.
                log.error("sweep_failed", error=type(error).__name__, where=place_of(error))
