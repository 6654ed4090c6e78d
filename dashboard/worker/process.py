"""One worker process: threads that run tasks, and the clock, until a signal ends it after the present tasks."""

from collections.abc import Mapping, Sequence
from threading import Event, Thread

import structlog
from flask import Flask

from dashboard.errors import place_of
from dashboard.worker.periodic import Periodic, PeriodicRunner
from dashboard.worker.queue import Queue, Task
from dashboard.worker.schedule import FindDue, run_clock

log = structlog.get_logger(__name__)

THREADS = 4
#: An empty queue is looked into this often, in seconds; on PostgreSQL and Redis the wait is a blocking read.
LONGEST_NAP = 0.2


def run_worker(
    app: Flask,
    tasks: Mapping[str, Task],
    due: Mapping[str, FindDue],
    periodic: Sequence[Periodic],
) -> None:
    queue: Queue = app.extensions["queue"]
    for name, task in tasks.items():
        queue.register(name, _in_app(app, name, task))
    runner = PeriodicRunner(app, periodic)
    with app.app_context():
        runner.add_rows()
    stop = Event()
    every_seconds = app.config["SETTINGS"].sweep_every
    clock = Thread(target=run_clock, args=(app, queue, due, runner, every_seconds, stop), name="clock", daemon=True)
    clock.start()
    consumer = queue.huey.create_consumer(
        workers=THREADS, periodic=False, initial_delay=0.05, max_delay=LONGEST_NAP, graceful_signal="TERM"
    )
    try:
        consumer.run()
    finally:
        stop.set()
        clock.join()
        runner.close()


def _in_app(app: Flask, name: str, task: Task) -> Task:
    def run(row_id: object) -> None:
        with app.app_context():
            try:
                task(row_id)  # type: ignore[arg-type]  # the queue gives a UUID
            except Exception as error:
                # The one place that catches everything: the row is still due and the sweep finds it again.
                # The text of the error is not logged, since it may quote what a customer gave.
                log.error("task_failed", task=name, row=str(row_id), error=type(error).__name__, where=place_of(error))

    return run
