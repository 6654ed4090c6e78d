"""One worker process: threads that run tasks, and the clock. A signal ends it after the current tasks."""

from threading import Event, Thread
from uuid import UUID

import structlog
from flask import Flask

from dashboard.context import context_of
from dashboard.db import utc_now
from dashboard.errors import place_of
from dashboard.outages import what_is_away
from dashboard.worker.consumer import QueueConsumer
from dashboard.worker.direct import THREADS
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.queue import RunTask, Task
from dashboard.worker.schedule import run_clock
from dashboard.worker.tasks import note_alive

log = structlog.get_logger(__name__)

#: How often an empty queue is checked, in seconds; on PostgreSQL and Redis the wait is a blocking read.
LONGEST_NAP = 0.2


def run_worker(app: Flask) -> None:
    """Runs the tasks and the periodic work of the app's features."""
    parts = context_of(app)
    register_tasks(app)
    runner = PeriodicRunner(app, parts.features.periodic)
    with app.app_context():
        runner.add_rows()
        # Its periodic turn may come half a minute later, and the health page would miss this worker until then.
        note_alive(utc_now())
    stop = Event()
    clock = Thread(target=run_clock, args=(app, runner, stop), name="clock", daemon=True)
    clock.start()
    consumer = QueueConsumer(
        parts.queue, workers=THREADS, initial_delay=0.05, max_delay=LONGEST_NAP, graceful_signal="TERM"
    )
    try:
        consumer.run()
    finally:
        stop.set()
        clock.join()
        runner.close()


def register_tasks(app: Flask) -> None:
    for task in context_of(app).features.tasks:
        context_of(app).queue.register(task.name, _in_app(app, task))


def _in_app(app: Flask, task: Task) -> RunTask:
    def run(row_id: UUID) -> None:
        with app.app_context():
            try:
                task.run(row_id)
            except Exception as error:
                # The one place that catches everything: the row is still due and the sweep finds it again.
                # The text of the error is not logged, since it may quote what a customer gave.
                if what_is_away(error) is None:
                    log.error(
                        "task_failed",
                        task=task.name,
                        row=str(row_id),
                        error=type(error).__name__,
                        where=place_of(error),
                    )

    return run
