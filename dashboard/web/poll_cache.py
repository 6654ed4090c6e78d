"""Answers polls that find nothing new without the app.

Most requests are polls that find nothing new. A poll that was answered with 204 a moment ago, with the same cookie, is
answered with 204 again if the database would tell it the same: signing out, a changed role and every new result are in
what it read. There are two ways to know that, and each costs far less than the app:

- Nobody committed anything (`data_version.py`).
- What was committed concerns others: the poll's own reads, repeated, find the same rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError

from dashboard.data_version import DataVersion
from dashboard.db import Database
from dashboard.recorded_reads import RecordedReads, recorded
from dashboard.web.serving.asgi import HttpAnswer

#: Time alone changes something too: sign-ins expire and are noted as seen, callbacks become overdue.
SECONDS_TRUSTED = 30.0
MOST_REMEMBERED = 1_000
#: All that an answer depends on besides the database. A proxy's headers say how the browser addressed us.
NAMES = (
    *("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HX_REQUEST", "HTTP_HX_BOOSTED", "HTTP_HOST"),
    *("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
)


@dataclass
class CachedAnswer:
    """A 204, the data that it is known to be true for, and what was read for it."""

    data_version: DataVersion
    until: float
    answer: HttpAnswer
    reads: RecordedReads


class PollCache:
    """Stands in front of `app`. `known` answers from memory alone; a call may ask the database."""

    def __init__(self, app: WSGIApplication, database: Database) -> None:
        self._app = app
        self._database = database
        self._answers: dict[tuple[str, ...], CachedAnswer] = {}
        self._errors = (SQLAlchemyError, database.engine.dialect.loaded_dbapi.Error)

    def known(self, environ: WSGIEnvironment) -> HttpAnswer | None:
        """The answer to a poll, if it is certain without a question to the database."""
        if not is_poll(environ) or (version := self._database.versions.known) is None:
            return None
        cached = self._find(_key_of(environ))
        return cached.answer if cached and cached.data_version == version else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_poll(environ):
            return self._app(environ, start_response)
        key = _key_of(environ)
        cached = self._find(key)
        # Asked before anything is read: what is read may be newer than this version, never older.
        data_version = self._database.versions.ask()
        if data_version is None:
            return self._app(environ, start_response)
        if cached and self._is_still_true(cached, data_version):
            start_response(cached.answer.status, cached.answer.headers)
            return []
        return self._remembering(environ, start_response, key, data_version)

    def _find(self, key: tuple[str, ...]) -> CachedAnswer | None:
        cached = self._answers.get(key)
        return cached if cached and monotonic() < cached.until else None

    def _is_still_true(self, cached: CachedAnswer, data_version: DataVersion) -> bool:
        if cached.data_version == data_version:
            return True
        try:
            is_same = self._database.digests_of(cached.reads.statements) == cached.reads.digests
        except self._errors:
            return False  # The request itself will report the problem.
        if is_same:
            cached.data_version = data_version
        return is_same

    def _remembering(
        self, environ: WSGIEnvironment, start_response: StartResponse, key: tuple[str, ...], data_version: DataVersion
    ) -> Iterable[bytes]:
        """The app's answer, which is kept if it is a 204."""
        given: list[HttpAnswer] = []

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given.append(HttpAnswer(status, headers, b""))
            return start_response(status, headers, *error)

        with recorded() as reads:
            body = self._app(environ, start)
        if given and given[-1].status.startswith("204") and not _sets_cookie(given[-1]):
            self._remember(key, given[-1], reads, data_version)
        return body

    def _remember(
        self, key: tuple[str, ...], answer: HttpAnswer, reads: RecordedReads, data_version: DataVersion
    ) -> None:
        if not reads.is_repeatable:
            return
        if len(self._answers) >= MOST_REMEMBERED:
            self._answers.clear()
        until = monotonic() + SECONDS_TRUSTED
        self._answers[key] = CachedAnswer(data_version, until, answer, reads)


def is_poll(environ: WSGIEnvironment) -> bool:
    return "seen=" in environ["QUERY_STRING"] and environ["REQUEST_METHOD"] == "GET"


def _sets_cookie(answer: HttpAnswer) -> bool:
    return any(name == "Set-Cookie" for name, _ in answer.headers)


def _key_of(environ: WSGIEnvironment) -> tuple[str, ...]:
    return tuple(environ.get(name, "") for name in NAMES)
