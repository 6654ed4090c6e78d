"""huey's consumer, which waits longer and longer for a queue that is down, and logs that once."""

from datetime import datetime
from typing import Any

import structlog
from huey.consumer import Consumer, Scheduler, Worker

from dashboard.worker.queue import QUEUE_ERRORS, Queue

log = structlog.get_logger(__name__)


class QueueConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    def __init__(self, queue: Queue, **options: Any) -> None:
        self._queue = queue
        super().__init__(queue.huey, periodic=False, **options)

    def _create_worker(self) -> "QueueWorker":
        return QueueWorker(self._queue, self.stop_flag, self.default_delay, self.max_delay, self.backoff)

    def _create_scheduler(self) -> "NothingScheduled":
        return NothingScheduled(self.huey, self.stop_flag, self.scheduler_interval, self.periodic)


class QueueWorker(Worker):  # type: ignore[misc]
    def __init__(self, queue: Queue, *options: Any) -> None:
        self._queue = queue
        super().__init__(queue.huey, *options)

    def loop(self, now: datetime | None = None) -> None:
        try:
            task = self._queue.take()
            if task is not None:
                self.delay = self.default_delay
                self.huey.execute(task, now)
            elif not self.huey.storage.blocking:
                self.sleep()
        except QUEUE_ERRORS:
            # Meanwhile the clock runs what is due (direct.py).
            self.stop_flag.wait(self._queue.outages.pause_seconds)
        except Exception as error:
            # For example foreign bytes in the queue. They are not logged, and the next task is taken.
            log.error("task_not_run", error=type(error).__name__)


class NothingScheduled(Scheduler):  # type: ignore[misc]
    """Does nothing: rows say when they are due, so nothing waits in huey's own schedule."""

    def loop(self, now: datetime | None = None) -> None:
        self.stop_flag.wait(self.interval)
