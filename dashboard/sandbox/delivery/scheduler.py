"""Runs actions later: a heap of due times, and one thread that runs due actions on a small pool."""

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dashboard.sandbox.failures import log_failure

#: Threads; each callback may occupy one until its timeout.
POOL_SIZE = 16


class Scheduler:
    """Runs actions at their due time (seconds since 1970). Before `start`, `run_due` runs them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Run `action` at `due`, in seconds since 1970."""
        with self._changed:
            self._count += 1
            heapq.heappush(self._heap, (due, self._count, action))
            self._changed.notify()

    def start(self) -> None:
        """Start the threads that run actions."""
        self._pool = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix="sandbox")
        self._thread = threading.Thread(target=self._loop, name="sandbox-scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the threads; actions that are running are not waited for."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._pool is not None:
            # A callback may wait 35 seconds for its answer; stopping does not wait for it.
            self._pool.shutdown(wait=False, cancel_futures=True)

    def run_due(self, now: float) -> int:
        """Run everything due by `now` (seconds since 1970) in this thread, and what becomes due by that.

        Returns how many actions ran.
        """
        count = 0
        while True:
            with self._changed:
                if not self._heap or self._heap[0][0] > now:
                    return count
                action = heapq.heappop(self._heap)[2]
            action()
            count += 1

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                wait = self._heap[0][0] - time.time() if self._heap else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                action = heapq.heappop(self._heap)[2]
            assert self._pool is not None
            self._pool.submit(_run_logged, action)


def _run_logged(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception as error:
        # The loop must go on. The traceback is logged without the arguments, which may be personal.
        log_failure("an action of the simulator failed", error)
