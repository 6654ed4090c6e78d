"""The partner's API keys, sealed. One signs, all active ones verify; owners add and retire them at run time."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from dashboard.cached_reading import CachedReading
from dashboard.config import Settings
from dashboard.context import current
from dashboard.db import Database, UtcDateTime, keyring_of, new_id, utc_now
from dashboard.errors import Conflict, Invalid, NotFound

FROM_ENVIRONMENT = "the environment"


class SmileKey(SQLModel, table=True):
    __tablename__ = "smile_key"
    __table_args__ = (
        UniqueConstraint("environment", "number", name="uq_smile_key_environment_number"),
        UniqueConstraint("environment", "digest", name="uq_smile_key_environment_digest"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    number: int  # what people call it: key 1, key 2
    digest: str  # a keyed digest, so that the same key is not added twice
    key_sealed: bytes
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by: str
    signing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the latest of them signs
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    retired_by: str = ""

    def age_in_days(self, now: datetime) -> int:
        return (now - self.added_at).days


def key_associated_data(key_id: UUID) -> str:
    """What a sealed key is bound to."""
    return f"smile_key:{key_id}:key"


@dataclass(frozen=True)
class ApiKey:
    number: int
    value: str = field(repr=False)
    environment: str = ""
    added_at: datetime | None = None  # None: only in the environment so far
    retired_at: datetime | None = None


@dataclass(frozen=True)
class ApiKeys:
    """The keys in use. `signing` is one of the active ones.

    `others` verify nothing; they explain why a signature fails. `unreadable`: the numbers of the active keys of this
    environment that cannot be opened and are left out.
    """

    signing: ApiKey
    active: tuple[ApiKey, ...]
    others: tuple[ApiKey, ...] = ()
    unreadable: tuple[int, ...] = ()


def keep_smile_keys(settings: Settings, database: Database) -> CachedReading[ApiKeys]:
    return CachedReading(database, lambda session: read_keys(session, settings))


def smile_keys(*, fresh: bool = False) -> ApiKeys:
    """The keys of the running app. Pass `fresh` when a signature matches no known key."""
    return current().smile_keys.value(fresh=fresh)


def read_keys(session: Session, settings: Settings) -> ApiKeys:
    """The keys of the table; those of the environment if the table has none that can be opened."""
    rows = session.exec(select(SmileKey).order_by(col(SmileKey.number))).all()
    opened = {row.id: key for row in rows if (key := _open_or_none(session, row))}
    active_rows = [row for row in rows if row.environment == settings.environment and row.retired_at is None]
    unreadable = tuple(row.number for row in active_rows if row.id not in opened)
    active_rows = [row for row in active_rows if row.id in opened]
    if not active_rows:
        active = tuple(ApiKey(number, value) for number, value in enumerate(settings.api_keys, start=1))
        return ApiKeys(active[0], active, unreadable=unreadable)
    signing = [row for row in active_rows if row.signing_since]
    signing_row = max(signing, key=lambda row: (row.signing_since, row.number)) if signing else active_rows[0]
    return ApiKeys(
        opened[signing_row.id],
        tuple(opened[row.id] for row in active_rows),
        tuple(opened[row.id] for row in rows if row not in active_rows and row.id in opened),
        unreadable,
    )


def list_keys(session: Session, environment: str) -> list[SmileKey]:
    """All keys of this environment, including retired ones."""
    return list(
        session.exec(select(SmileKey).where(SmileKey.environment == environment).order_by(col(SmileKey.number))).all()
    )


def seed_keys(session: Session, settings: Settings, now: datetime) -> None:
    """Adds keys of the environment that are new, at every start. If the first one is new, it signs.

    A retired key stays retired. A key that can no longer be opened is sealed again.
    """
    for position, value in enumerate(settings.api_keys):
        known = _known(session, settings.environment, value)
        if known is None:
            key = _insert(session, settings.environment, value, FROM_ENVIRONMENT, now)
            key.signing_since = now if position == 0 else None
        elif _open_or_none(session, known) is None:
            _seal(session, known, value)


def add_key(session: Session, environment: str, value: str, added_by: str, now: datetime) -> SmileKey:
    """Adds a key, which verifies from now on. The signing key stays the same.

    A known key that cannot be opened is sealed again.
    """
    value = value.strip()
    if not 8 <= len(value) <= 500 or not value.isascii() or not value.isprintable() or " " in value:
        raise Invalid({"api_key": "That does not look like an API key. Copy it from Smile's portal again."})
    known = _known(session, environment, value)
    if known is None:
        return _insert(session, environment, value, added_by, now)
    if known.retired_at or _open_or_none(session, known):
        raise Invalid({"api_key": "This key was added before, and may have been retired."})
    _seal(session, known, value)
    return known


def sign_with(session: Session, environment: str, key_id: UUID, now: datetime) -> SmileKey:
    """Makes this the key that signs requests to Smile."""
    key = _find(session, environment, key_id)
    if key.retired_at:
        raise Conflict("This key was retired. Add it as a new one if Smile has made it valid again.")
    key.signing_since = now
    return key


def retire_key(session: Session, settings: Settings, key_id: UUID, retired_by: str, now: datetime) -> SmileKey:
    """Retires a key, which then verifies nothing. The row stays, so that a page can say whose signature it was."""
    key = _find(session, settings.environment, key_id)
    if key.retired_at:
        return key
    if read_keys(session, settings).signing.number == key.number:
        raise Conflict("Requests are signed with this key. Sign with another one first.")
    key.retired_at, key.retired_by = now, retired_by
    return key


def seed_keys_at_start(settings: Settings, database: Database) -> None:
    # IntegrityError: another process that starts at this moment has added them.
    with suppress(IntegrityError), database.transaction() as session:
        seed_keys(session, settings, utc_now())


def _known(session: Session, environment: str, value: str) -> SmileKey | None:
    digests = keyring_of(session).digests_for_search(value)
    same = select(SmileKey).where(SmileKey.environment == environment, col(SmileKey.digest).in_(digests))
    return session.exec(same).first()


def _insert(session: Session, environment: str, value: str, added_by: str, now: datetime) -> SmileKey:
    keyring = keyring_of(session)
    key = SmileKey(
        environment=environment,
        number=max((row.number for row in list_keys(session, environment)), default=0) + 1,
        digest=keyring.digest_for_search(value),
        key_sealed=b"",
        added_at=now,
        added_by=added_by,
    )
    _seal(session, key, value)
    session.add(key)
    return key


def _seal(session: Session, key: SmileKey, value: str) -> None:
    key.key_sealed = keyring_of(session).seal(value.encode(), key_associated_data(key.id))


def _find(session: Session, environment: str, key_id: UUID) -> SmileKey:
    key = session.get(SmileKey, key_id, with_for_update=True)
    if key is None or key.environment != environment:
        raise NotFound("There is no such key here.")
    return key


def _open_or_none(session: Session, row: SmileKey) -> ApiKey | None:
    opened = keyring_of(session).open_or_none(row.key_sealed, key_associated_data(row.id))
    if opened is None:
        return None
    return ApiKey(row.number, opened.decode(), row.environment, row.added_at, row.retired_at)
