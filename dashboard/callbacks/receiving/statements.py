"""The SQL that receiving runs for each group of callbacks, as text for the database driver.

SQLAlchemy takes longer to build each execution than SQLite to run it, and only on this path does that matter. Rare
statements use SQLAlchemy, in storing.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, Dialect

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.receiving.verdicts import SignatureUse, names_of_job
from dashboard.jobs.products import Product

NAME = re.compile(r":(\w+)")
MARKS = {"qmark": "?", "pyformat": "%s"}

# Alarming callbacks are found by their body, since one copied signature can come with any number of bodies. Each
# condition on the verdict repeats that of an index word for word.
SIGNATURES = """
SELECT id, signature_digest, body_sha256, verdict, received_at, job_id, claimed_job_id, signature_use FROM callback
 WHERE environment = :environment AND signature_digest IN (:digests) AND verdict NOT IN ('reused', 'reflected')
UNION ALL
SELECT id, signature_digest, body_sha256, verdict, NULL, NULL, NULL, NULL FROM callback
 WHERE environment = :environment AND body_sha256 IN (:bodies) AND verdict IN ('reused', 'reflected')
UNION ALL
SELECT NULL, digest, NULL, NULL, NULL, NULL, NULL, NULL FROM sent_signature WHERE digest IN (:digests)
"""
# Two statements, since SQLite would scan all jobs for an "or".
JOBS_BY_NAME = """
SELECT id, job_id, product, callback_key_digest, erased_at, environment, api, smile_job_id FROM job
 WHERE environment = :environment AND job_id IN (:names)
"""
# Without the environment: with it SQLite would scan all jobs of the environment where there are several keys.
JOBS_BY_KEY = """
SELECT id, job_id, product, callback_key_digest, erased_at, environment, api, smile_job_id FROM job
 WHERE callback_key_digest IN (:digests)
"""
# The API is compared in a form that no index has, or SQLite would scan all jobs of v3.
JOBS_BY_SMILE_ID = """
SELECT id, job_id, product, callback_key_digest, erased_at, environment, api, smile_job_id FROM job
 WHERE environment = :environment AND smile_job_id IN (:names) AND coalesce(api, '') = 'v3'
"""
COLUMNS = Callback.__table__.columns  # type: ignore[attr-defined]  # not in SQLModel's types
INSERT = " ".join(("INSERT INTO callback (", ", ".join(COLUMNS.keys()), ") VALUES (:values)"))


class StoredSignature(NamedTuple):
    """A signature seen before: on a stored callback, or on our own request. `use`: where it raised no alarm."""

    digest: str
    body_sha256: str
    callback_id: UUID | None
    use: SignatureUse | None


class JobRef(NamedTuple):
    """What receiving needs to know about one of our jobs."""

    id: UUID
    job_id: str
    product: Product
    key_digest: str | None
    is_erased: bool
    is_v3: bool = False
    smile_job_id: str = ""


def find_signatures(
    connection: Connection, environment: str, digests: Sequence[str], bodies: Sequence[str]
) -> list[StoredSignature]:
    rows = _query(connection, SIGNATURES, environment=environment, digests=digests, bodies=bodies)
    return [_stored_signature(connection.dialect, *row) for row in rows]


def find_jobs(connection: Connection, environment: str, names: Sequence[str]) -> list[JobRef]:
    return _job_refs(_query(connection, JOBS_BY_NAME, environment=environment, names=names), environment)


def find_jobs_by_smile_id(connection: Connection, environment: str, names: Sequence[str]) -> list[JobRef]:
    """The jobs of v3 that bear these ids of Smile, which are unique there."""
    return _job_refs(_query(connection, JOBS_BY_SMILE_ID, environment=environment, names=names), environment)


def find_jobs_by_key(connection: Connection, environment: str, digests: Sequence[str]) -> list[JobRef]:
    return _job_refs(_query(connection, JOBS_BY_KEY, digests=digests), environment)


def insert_callbacks(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores rows that have a value for every column."""
    by_column = (
        [make(row[name]) for row in rows] if make else [row[name] for row in rows]
        for name, make in _columns(connection.dialect)
    )
    values = list(zip(*by_column, strict=True))
    text, _ = _for_driver(connection, INSERT, {"values": values[0]})
    connection.exec_driver_sql(text, values)


def _query(connection: Connection, text: str, **values: str | Sequence[str]) -> Sequence[Any]:
    return connection.exec_driver_sql(*_for_driver(connection, text, values)).all()


def _for_driver(connection: Connection, text: str, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The statement with the driver's placeholders, and the values in their order."""
    mark, in_order = MARKS[connection.dialect.paramstyle], list[Any]()

    def marks(name: re.Match[str]) -> str:
        value = values[name[1]]
        several = (value,) if isinstance(value, str) else value
        in_order.extend(several)
        return ", ".join([mark] * len(several))

    return NAME.sub(marks, text), tuple(in_order)


@lru_cache(maxsize=4)
def _columns(dialect: Dialect) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """Each column with the function that converts a value for the driver."""
    return [(name, column.type.dialect_impl(dialect).bind_processor(dialect)) for name, column in COLUMNS.items()]


def _job_refs(rows: Sequence[Any], environment: str) -> list[JobRef]:
    return [
        JobRef(_uuid(row_id), job_id, Product(product), key_digest, erased_at is not None, api == "v3", smile_id or "")
        for row_id, job_id, product, key_digest, erased_at, its_environment, api, smile_id in rows
        if its_environment == environment
    ]


def _stored_signature(
    dialect: Dialect,
    row_id: UUID | str | None,
    digest: str,
    body_sha256: str,
    verdict: str,
    received_at: Any,
    job_id: UUID | str | None,
    claimed_job_id: str,
    number: int | None,
) -> StoredSignature:
    callback_id = _uuid(row_id) if row_id else None
    if callback_id is None or number is None:
        return StoredSignature(digest, body_sha256, callback_id, None)
    names = names_of_job(_uuid(job_id) if job_id else None, claimed_job_id)
    came_at = _reader_of_times(dialect)(received_at)
    use = SignatureUse(callback_id, came_at, verdict == Verdict.VALID, names, number)
    return StoredSignature(digest, body_sha256, callback_id, use)


@lru_cache(maxsize=4)
def _reader_of_times(dialect: Dialect) -> Callable[[Any], datetime]:
    """The function that converts the driver's value to a time."""
    read = COLUMNS["received_at"].type.dialect_impl(dialect).result_processor(dialect, None)
    assert read is not None
    return cast(Callable[[Any], datetime], read)


def _uuid(value: UUID | str) -> UUID:
    """SQLite stores ids as text."""
    return value if isinstance(value, UUID) else UUID(value)
