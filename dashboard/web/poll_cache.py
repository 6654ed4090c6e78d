"""Answers polls from a cache while the database has not changed.

Most requests are polls that find nothing new. SQLite tells within a few microseconds whether anybody committed anything
(`PRAGMA data_version`). If not, a request that was answered with 204 a moment ago, with the same cookie, is answered
with 204 again: signing out, a changed role and every new result are commits too. This process's commits count at once;
others' are noticed within 20 ms.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import SQLITE, Database
from dashboard.web.serving.asgi import HttpAnswer

#: Asking more often would only make threads wait for each other: each question releases the interpreter's lock.
SECONDS_BETWEEN_QUESTIONS = 0.02
#: Time alone changes something too: sign-ins expire, and are noted as seen.
SECONDS_TRUSTED = 10.0
MOST_REMEMBERED = 1_000
#: All that an answer depends on besides the database. A proxy's headers say how the browser addressed us.
NAMES = (
    *("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HX_REQUEST", "HTTP_HX_BOOSTED", "HTTP_HOST"),
    *("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
)

#: This process's commits, and SQLite's counter for everybody else's.
DataVersion = tuple[int, int]


@dataclass(frozen=True)
class CachedAnswer:
    data_version: DataVersion
    until: float
    answer: HttpAnswer


class PollCache:
    """Stands in front of `app`. `known` answers from memory alone; a call may ask the database."""

    def __init__(self, app: WSGIApplication, database: Database) -> None:
        self._app = app
        self._database = database
        self._answers: dict[tuple[str, ...], CachedAnswer] = {}
        self._connection: Any = None
        self._asking = Lock()
        self._asked_at = 0.0
        self._commits_of_others = 0

    def known(self, environ: WSGIEnvironment) -> HttpAnswer | None:
        """The answer to a poll, if it is certain without a question to the database."""
        if not is_poll(environ) or monotonic() - self._asked_at > SECONDS_BETWEEN_QUESTIONS:
            return None
        return self._find(_key_of(environ), (self._database.commits, self._commits_of_others))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_poll(environ):
            return self._app(environ, start_response)
        try:
            data_version = self._data_version()
        except (SQLITE.Error, SQLAlchemyError):
            # The request itself will report the problem.
            return self._app(environ, start_response)
        key = _key_of(environ)
        if answer := self._find(key, data_version):
            start_response(answer.status, answer.headers)
            return []
        return self._app(environ, self._remembering(key, data_version, start_response))

    def _find(self, key: tuple[str, ...], data_version: DataVersion) -> HttpAnswer | None:
        cached = self._answers.get(key)
        is_true = cached and cached.data_version == data_version and monotonic() < cached.until
        return cached.answer if cached and is_true else None

    def _remembering(
        self, key: tuple[str, ...], data_version: DataVersion, start_response: StartResponse
    ) -> Callable[..., Any]:
        """Passes the answer on and keeps it if it is a 204. The version was read before the request began."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if status.startswith("204") and not any(name == "Set-Cookie" for name, _ in headers):
                if len(self._answers) >= MOST_REMEMBERED:
                    self._answers.clear()
                answer = HttpAnswer(status, headers, b"")
                self._answers[key] = CachedAnswer(data_version, monotonic() + SECONDS_TRUSTED, answer)
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


def is_poll(environ: WSGIEnvironment) -> bool:
    return "seen=" in environ["QUERY_STRING"] and environ["REQUEST_METHOD"] == "GET"


def _key_of(environ: WSGIEnvironment) -> tuple[str, ...]:
    return tuple(environ.get(name, "") for name in NAMES)
