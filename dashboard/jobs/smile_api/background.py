"""Background threads that ask Smile for what pages show, so that a page never waits."""

from collections.abc import Callable
from threading import Lock, Thread, current_thread

import structlog
from flask import Flask, current_app

from dashboard.db import Database
from dashboard.errors import place_of

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 4


class Background:
    """The background threads of one process. A page that finds all of them busy asks again later."""

    def __init__(self, database: Database) -> None:
        self._lock = Lock()
        self._threads: set[Thread] = set()
        self._is_closed = False
        database.before_dispose(self._close)  # Requests are signed with keys from the database and noted there.

    def start(self, work: Callable[[], None]) -> bool:
        """Runs `work` in a thread with the app's context; False when no thread is free."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # the thread needs the app itself
        thread = Thread(target=self._run, args=(app, work), name="smile", daemon=True)
        with self._lock:
            if self._is_closed or len(self._threads) >= MOST_AT_ONCE:
                return False
            self._threads.add(thread)
        thread.start()
        return True

    def wait(self) -> None:
        """Waits until nothing runs any more."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _run(self, app: Flask, work: Callable[[], None]) -> None:
        try:
            with app.app_context():
                work()
        except Exception as error:
            # Or a thread's error would go unseen. Its text is not logged: it may quote a customer's data.
            log.error("background_failed", error=type(error).__name__, where=place_of(error))
        finally:
            with self._lock:
                self._threads.discard(current_thread())

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
        self.wait()
