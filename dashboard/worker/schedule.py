"""The clock of a worker: about every second it finds the rows that are due, and starts periodic work."""

from collections.abc import Sequence
from datetime import datetime
from threading import Event

import structlog
from flask import Flask

from dashboard.context import context_of, reading
from dashboard.db import utc_now
from dashboard.errors import place_of
from dashboard.outages import what_is_away
from dashboard.worker.direct import DirectRunner
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.queue import QUEUE_ERRORS, Queue, Task

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 100


def sweep(queue: Queue | DirectRunner, tasks: Sequence[Task], environment: str, now: datetime) -> int:
    """Wakes what is due and returns how many. A full queue is left alone: the same rows are found again."""
    if queue.is_busy(MOST_AT_ONCE):
        return 0
    woken = 0
    for task in tasks:
        if task.find_due is None:
            continue
        with reading() as session:
            ids = task.find_due(session, environment, now, MOST_AT_ONCE)
        for row_id in ids:
            queue.wake(task.name, row_id)
        woken += len(ids)
    return woken


def run_clock(app: Flask, periodic: PeriodicRunner, stop: Event) -> None:
    """Runs the clock until `stop` is set.

    While the queue is down, what is due runs without it. A database that does not answer is asked again at the next
    tick.
    """
    parts = context_of(app)
    direct = DirectRunner(parts.queue)
    while not stop.wait(parts.settings.sweep_every):
        with app.app_context():
            try:
                queue = direct if parts.queue.is_away() else parts.queue
                sweep(queue, parts.features.tasks, parts.settings.environment, utc_now())
                periodic.start_due()
            except QUEUE_ERRORS:
                continue  # It went down just now, which is in the log; the next tick works without it.
            except Exception as error:
                # Whatever it was: without its clock a worker would look alive, but find no lost task.
                if what_is_away(error) is None:
                    log.error("sweep_failed", error=type(error).__name__, where=place_of(error))
    direct.close()
