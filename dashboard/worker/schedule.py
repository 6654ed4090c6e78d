"""The clock of a worker: every second or so it finds the rows that are due and wakes their tasks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event
from uuid import UUID

import structlog
from flask import Flask
from sqlmodel import Session

from dashboard.context import reading, transaction
from dashboard.db import utc_now
from dashboard.errors import place_of
from dashboard.worker.queue import Queue

log = structlog.get_logger(__name__)

#: Finds the ids of due rows: (session, now, limit) -> ids. The task's name comes with it.
FindDue = Callable[[Session, datetime, int], Sequence[UUID]]
Tidy = Callable[[Session, datetime], None]
#: Done now and then with no transaction open, since it may wait for the network.
Beat = Callable[[datetime], None]

MOST_AT_ONCE = 100
SECONDS_BETWEEN_TIDYING = 600
SECONDS_BETWEEN_BEATS = 30


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
    tidy: Sequence[Tidy],
    every_seconds: float,
    stop: Event,
    beats: Sequence[Beat] = (),
) -> None:
    """Runs until `stop` is set. A database or queue that does not answer is tried again at the next tick."""
    tidied_at: datetime | None = None
    beaten_at: datetime | None = None
    while not stop.wait(every_seconds):
        with app.app_context():
            now = utc_now()
            try:
                sweep(queue, due, now)
                if tidied_at is None or (now - tidied_at).total_seconds() > SECONDS_BETWEEN_TIDYING:
                    tidied_at = now
                    for tidy_up in tidy:
                        with transaction() as session:
                            tidy_up(session, now)
                if beaten_at is None or (now - beaten_at).total_seconds() > SECONDS_BETWEEN_BEATS:
                    beaten_at = now
                    for beat in beats:
                        beat(now)
            except Exception as error:
                # Whatever it was, a worker without its clock would look alive and leave every lost task lost.
                log.error("sweep_failed", error=type(error).__name__, where=place_of(error))
