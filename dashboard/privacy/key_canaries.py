"""Checks that the configured encryption keys fit the data, before a process works with the wrong ones.

Each key seals a canary, a known value that is stored with the data. A configured key must open its own canary. The
canary of a key that is not configured means that this key is missing, as long as anything is sealed with it.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, delete, func
from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.context import current
from dashboard.crypto import KeyRing
from dashboard.db import Database, insert_into, keyring_of
from dashboard.health_checks import CheckContext, Finding, bad, ok
from dashboard.jobs.submitting.media import is_under_key
from dashboard.privacy.unreadable import all_images
from dashboard.sealed import SealedColumn
from dashboard.stored_settings import Setting, write_setting

NAME = "key_canary:"  # of the stored setting, followed by the id of the key
CONTENT = b"canary"
#: How many of the newest and of the oldest values of each column are tried.
SAMPLE = 3
#: A single value that does not open may be damaged. From this number on, that none opens means wrong keys.
FEWEST_FAILED = 2

WRONG_KEYS = (
    "DASHBOARD_ENCRYPTION_KEYS opens none of the data stored here, so it contains the keys of other data. Set it to "
    "the keys that this data was encrypted with."
)


@dataclass(frozen=True)
class Sample:
    """Which keys opened some of the tried values, and how many values did not open."""

    key_ids: frozenset[bytes]
    failed: int

    @property
    def proves_wrong_keys(self) -> bool:
        return not self.key_ids and self.failed >= FEWEST_FAILED


def find_problem_with_keys(database: Database, settings: Settings, columns: Sequence[SealedColumn]) -> str:
    """The problem and its remedy in words; empty if the keys fit. A damaged value is not a problem with keys."""
    keyring = database.keyring
    with database.reading() as session:
        canaries = _read_canaries(session)
        if not canaries:
            return WRONG_KEYS if try_some_values(session, columns).proves_wrong_keys else ""
    for key_id, sealed in canaries.items():
        if key_id not in keyring.key_ids:
            if _is_used(database, settings, columns, key_id):
                return _missing(key_id)
        elif not _opens(keyring, key_id, sealed) and _proves_wrong(database, columns, key_id):
            return (
                f"The key {key_id.hex()} in DASHBOARD_ENCRYPTION_KEYS does not open what was encrypted with it. "
                "Set it to the key that this data was encrypted with."
            )
    return ""


def keep_canaries(database: Database, columns: Sequence[SealedColumn], now: datetime) -> None:
    """Stores the canary of the first key, which seals from now on. Safe in several processes at once.

    If there are no canaries yet, those of all keys in use are stored. A damaged canary is written again.
    """
    with database.reading() as session:
        canaries, keyring = _read_canaries(session), database.keyring
        in_use = frozenset[bytes]() if canaries else try_some_values(session, columns).key_ids
    damaged = {key_id for key_id in canaries if key_id in keyring.key_ids} - {
        key_id for key_id, sealed in canaries.items() if _opens(keyring, key_id, sealed)
    }
    new = {keyring.sealing_id, *in_use} - set(canaries)
    if not new | damaged:
        return
    with database.transaction() as session:
        for key_id in sorted(new):
            row = insert_into(session, Setting).values(
                name=_name(key_id), value=_canary(keyring, key_id), changed_at=now
            )
            session.connection().execute(row.on_conflict_do_nothing())
        for key_id in damaged:
            write_setting(session, _name(key_id), _canary(keyring, key_id), now)


def forget_old_canaries(session: Session) -> None:
    """Removes the canaries of old keys, once nothing that can be opened is sealed with them."""
    other = col(Setting.name) != _name(keyring_of(session).sealing_id)
    session.connection().execute(delete(Setting).where(col(Setting.name).startswith(NAME, autoescape=True), other))


def try_some_values(session: Session, columns: Sequence[SealedColumn], key_id: bytes = b"") -> Sample:
    """Tries to open some values of every column. With `key_id`, only values sealed with that key."""
    keyring, key_ids, failed = keyring_of(session), set(), 0
    for column in columns:
        for row_id, sealed in _some_values(session, column, key_id):
            if keyring.open_or_none(sealed, column.associated_data(row_id)) is None:
                failed += 1
            else:
                key_ids.add(_key_id_of(keyring, sealed))
    return Sample(frozenset(key_ids), failed)


def keys_of_data(context: CheckContext) -> Finding:
    """The health check: whether the keys fit the data."""
    context.session.connection()  # Fails here without a database: then nothing can be said about keys.
    columns = current().features.sealed_columns
    problem = find_problem_with_keys(context.database, context.settings, columns)
    if problem:
        return bad(problem, "With these keys, web and worker do not start.")
    return ok("DASHBOARD_ENCRYPTION_KEYS contains the keys of this data.")


def _read_canaries(session: Session) -> dict[bytes, bytes]:
    rows = session.exec(select(Setting).where(col(Setting.name).startswith(NAME, autoescape=True))).all()
    canaries = {}
    for row in rows:
        try:
            canaries[bytes.fromhex(row.name.removeprefix(NAME))] = base64.b64decode(row.value)
        except (ValueError, TypeError):  # Damaged: it does not open and is written again.
            canaries[bytes.fromhex(row.name.removeprefix(NAME))] = b""
    return canaries


def _opens(keyring: KeyRing, key_id: bytes, sealed: bytes) -> bool:
    return keyring.open_or_none(sealed, _name(key_id)) == CONTENT


def _canary(keyring: KeyRing, key_id: bytes) -> str:
    return base64.b64encode(keyring.seal_with(key_id, CONTENT, _name(key_id))).decode()


def _name(key_id: bytes) -> str:
    """The name of the stored setting, which the canary is bound to."""
    return NAME + key_id.hex()


def _missing(key_id: bytes) -> str:
    return (
        f"The encryption key {key_id.hex()} is missing, and data is encrypted with it. Add it after the first one in "
        "DASHBOARD_ENCRYPTION_KEYS; `echo KEY | base64 -d | sha256sum` begins with these digits. If it is lost for "
        "good, run `dashboard keys rotate`, which lists what can no longer be opened."
    )


def _proves_wrong(database: Database, columns: Sequence[SealedColumn], key_id: bytes) -> bool:
    with database.reading() as session:
        return try_some_values(session, columns, key_id).proves_wrong_keys


def _is_used(database: Database, settings: Settings, columns: Sequence[SealedColumn], key_id: bytes) -> bool:
    with database.reading() as session:
        if any(next(_values_under(session, column, key_id, newest_first=True), None) for column in columns):
            return True
    return any(
        is_under_key(settings.media_root / environment, image, key_id) for image, environment in all_images(database)
    )


def _some_values(session: Session, column: SealedColumn, key_id: bytes) -> Iterator[tuple[UUID, bytes]]:
    """The newest and the oldest values, each once."""
    values: dict[UUID, bytes] = {}
    for newest_first in (True, False):
        values |= dict(_values_under(session, column, key_id, newest_first=newest_first))
    yield from values.items()


def _values_under(
    session: Session, column: SealedColumn, key_id: bytes, *, newest_first: bool
) -> Iterator[tuple[UUID, bytes]]:
    """Some values sealed with this key, or with any key if none is given."""
    filled = select(column.key, column.value).where(column.value.is_not(None))
    if isinstance(column.value.type, LargeBinary):
        filled = filled.where(func.length(column.value) > 0)
        if key_id:
            filled = filled.where(func.substr(column.value, 1, len(key_id), type_=LargeBinary) == key_id)
    ordered = filled.order_by(column.key.desc() if newest_first else column.key)
    for row_id, value in session.connection().execute(ordered.limit(SAMPLE)):
        sealed = column.take_out(value) if value else None
        if sealed and bytes(sealed).startswith(key_id):
            yield row_id, bytes(sealed)


def _key_id_of(keyring: KeyRing, sealed: bytes) -> bytes:
    return next(key_id for key_id in keyring.key_ids if sealed.startswith(key_id))
