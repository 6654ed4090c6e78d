"""The parts of a name, and the rows of the index for one job."""

import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete

from dashboard.crypto import UnreadableValue
from dashboard.db import insert_into, keyring_of
from dashboard.jobs.comparing.folding import words_of
from dashboard.jobs.comparing.names import without_titles
from dashboard.jobs.models import Job
from dashboard.jobs.name_search.models import KEY_ID, NamePart, NameSearchKey, key_associated_data
from dashboard.jobs.name_search.switch import is_on

NAME_FIELDS = ("first_name", "middle_name", "last_name")
KEY_BYTES = 32
#: Of one job. A name of 200 letters may have many more words.
MOST_PARTS = 16


def parts_of_name(text: str) -> list[str]:
    """The folded words of a name, without titles and initials."""
    return [word for word in without_titles(words_of(text)) if len(word) > 1]


def parts_of_person(person: Any) -> list[str]:
    """The parts of all names that were given, and each name as one word: Abdul-Rahman is found as Abdulrahman too."""
    given = person if isinstance(person, Mapping) else {}
    names = [parts_of_name(name) for field in NAME_FIELDS if isinstance(name := given.get(field), str)]
    parts = dict.fromkeys(part for name in names for part in (*name, "".join(name)) if part)
    return list(parts)[:MOST_PARTS]


def digest_of_part(key: bytes, part: str) -> UUID:
    return UUID(bytes=hmac.digest(key, part.encode(), "sha256")[:16])


def read_key(session: Session) -> bytes | None:
    """The search key; None if there is none yet. Raises UnreadableValue."""
    row = session.get(NameSearchKey, KEY_ID)
    return None if row is None else keyring_of(session).open(row.key_sealed, key_associated_data(row.id))


def key_for_writing(session: Session, now: datetime) -> bytes:
    """The search key, which is made where there is none. Raises UnreadableValue."""
    if (known := read_key(session)) is not None:
        return known
    sealed = keyring_of(session).seal(secrets.token_bytes(KEY_BYTES), key_associated_data(KEY_ID))
    row = insert_into(session, NameSearchKey).values(id=KEY_ID, key_sealed=sealed, created_at=now)
    session.connection().execute(row.on_conflict_do_nothing())  # Another process may have made it at this moment.
    made = read_key(session)
    assert made is not None
    return made


def add_name_parts(session: Session, job: Job, person: Mapping[str, Any], now: datetime) -> None:
    """Adds the names of a job's customer to the index, unless it is switched off."""
    if (parts := parts_of_person(person)) and is_on(session):
        with suppress(UnreadableValue):  # The health page says what to do.
            write_parts(session, key_for_writing(session, now), job, parts)


def write_parts(session: Session, key: bytes, job: Job, parts: Iterable[str]) -> None:
    rows = [
        {"environment": job.environment, "digest": digest_of_part(key, part), "job_id": job.id}
        for part in sorted(parts)
    ]
    session.connection().execute(insert_into(session, NamePart).values(rows).on_conflict_do_nothing())


def forget_name_parts(session: Session, job_ids: Collection[UUID]) -> None:
    session.exec(delete(NamePart).where(col(NamePart.job_id).in_(job_ids)))
