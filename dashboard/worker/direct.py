"""Runs due rows without the queue while it is down, in a few threads of the worker."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from uuid import UUID

from dashboard.worker.queue import Queue

THREADS = 4


class DirectRunner:
    """Runs what the sweep wakes. A row that already waits or runs is skipped: the sweep finds it at each tick."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="direct")
        self._taken: set[tuple[str, UUID]] = set()
        self._lock = Lock()

    def wake(self, name: str, *row_ids: UUID) -> None:
        for row_id in row_ids:
            with self._lock:
                if (name, row_id) in self._taken:
                    continue
                self._taken.add((name, row_id))
            self._pool.submit(self._run, name, row_id)

    def is_busy(self, limit: int) -> bool:
        return len(self._taken) >= limit

    def close(self) -> None:
        """Waits for what is running. The next sweep finds what has not begun."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, name: str, row_id: UUID) -> None:
        try:
            self._queue.run(name, row_id)
        finally:
            with self._lock:
                self._taken.discard((name, row_id))
