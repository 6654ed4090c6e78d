"""Answers polls from a cache while the database has not changed.

Most requests are polls that find nothing new. SQLite tells within a few microseconds whether anybody committed anything
(`PRAGMA data_version`). If not, a request that was answered with 204 a moment ago, with the same cookie, is answered
with 204 again: signing out, a changed role and every new result are commits too. This process's commits count at once;
others' are noticed within 20 ms. PostgreSQL has no such counter, so there every poll is answered in full.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import SQLITE, Database, utc_now

#: Asking more often would only make threads wait for each other: each question releases the interpreter's lock.
SECONDS_BETWEEN_QUESTIONS = 0.02
#: Time alone changes something too: sign-ins expire, and are noted as seen.
SECONDS_TRUSTED = 10.0
MOST_REMEMBERED = 1_000


FRESH_FOR = timedelta(seconds=10)


#: This process's commits, and SQLite's counter for everybody else's.
DataVersion = tuple[int, int]


@dataclass(frozen=True)
class CachedAnswer:
    data_version: DataVersion
    until: float
    headers: list[tuple[str, str]]


class PollCache:
    def __init__(self, wsgi_app: WSGIApplication, database: Database) -> None:
        self._app = wsgi_app
        self._database = database
        self._answers: dict[tuple[str, ...], CachedAnswer] = {}
        self._connection: Any = None
        self._asking = Lock()
        self._asked_at = 0.0
        self._commits_of_others = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "seen=" not in environ.get("QUERY_STRING", "") or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        names = ("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HX_REQUEST", "HTTP_HX_BOOSTED", "HTTP_HOST")
        request = tuple(environ.get(name, "") for name in names)
        try:
            data_version = self._data_version()
        except (SQLITE.Error, SQLAlchemyError):
            # The request itself will report the problem.
            return self._app(environ, start_response)
        known = self._answers.get(request)
        if known and known.data_version == data_version and monotonic() < known.until:
            start_response("204 NO CONTENT", known.headers)
            return []
        return self._app(environ, self._remembering(request, data_version, start_response))

    def _remembering(
        self, request: tuple[str, ...], data_version: DataVersion, start_response: StartResponse
    ) -> Callable[..., Any]:
        """Passes the answer on and keeps it if it is a 204. The version was read before the request began."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if status.startswith("204") and not any(name == "Set-Cookie" for name, _ in headers):
                if len(self._answers) >= MOST_REMEMBERED:
                    self._answers.clear()
                self._answers[request] = CachedAnswer(data_version, monotonic() + SECONDS_TRUSTED, headers)
            return start_response(status, headers, *error)

        return start

    def _data_version(self) -> DataVersion:
        if monotonic() - self._asked_at > SECONDS_BETWEEN_QUESTIONS and self._asking.acquire(blocking=False):
            try:
                self._commits_of_others = self._ask()
                self._asked_at = monotonic()
            finally:
                self._asking.release()
        return self._database.commits, self._commits_of_others

    def _ask(self) -> int:
        """Reads the counter on a connection of its own, since it means nothing on another one."""
        if self._connection is None:
            pooled = self._database.engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def is_fresh(created_at: datetime) -> bool:
    """Whether something was created a moment ago, so that its page asks more often at first."""
    return utc_now() - created_at < FRESH_FOR


def set_up_poll_cache(app: Flask, database: Database) -> None:
    app.add_template_test(is_fresh, "fresh")
    if database.is_sqlite:
        app.wsgi_app = PollCache(app.wsgi_app, database)  # type: ignore[method-assign]  # as Flask documents
