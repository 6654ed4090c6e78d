"""Senders of signed callbacks over real HTTP, each body with a signature of its own, and what the store holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import select

from dashboard.callbacks.models import Callback
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.conftest import ENCRYPTION_KEY
from tests.factories.callbacks import DOOR, encode, make_payload, sign, timestamp_at
from tests.integration.conftest import API_KEY

#: What a connection raises when the other side is gone, or when it never answers.
CONNECTION_LOST = (OSError, HTTPException)


class Author:
    """Writes genuine callbacks. Each gets a millisecond of its own, so that no two share a signature."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = datetime.now(UTC)

    def write(self, job_id: str = "job-unknown", **changes: Any) -> bytes:
        with self._lock:
            self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
            timestamp = timestamp_at(self._last)
        return encode(make_payload(job_id=job_id, timestamp=timestamp, signature=sign(timestamp, API_KEY), **changes))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]


class Sender:
    """One sender on one connection, which is opened again when it was lost."""

    def __init__(self, web_url: str, timeout_seconds: float = 60) -> None:
        self._connection = HTTPConnection(urlsplit(web_url).netloc, timeout=timeout_seconds)

    def send(self, body: bytes, path: str = DOOR) -> Answer:
        try:
            self._connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
        except CONNECTION_LOST:
            self.close()
            raise
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()})

    def close(self) -> None:
        self._connection.close()


def fingerprint(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def stored_bodies(database: Database) -> set[str]:
    """The fingerprints of all bodies in the store, made anew from what is sealed there."""
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    with database.reading() as session:
        rows = session.exec(select(Callback).execution_options(yield_per=500))
        return {fingerprint(keyring.open(row.body_sealed, row.body_associated_data)) for row in rows}


def integrity(database: Database) -> str:
    """SQLite's own word on its file: "ok", or what is broken in it."""
    with database.engine.connect() as connection:
        return "; ".join(row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check"))
