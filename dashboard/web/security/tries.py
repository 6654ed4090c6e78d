"""Counts tries in the database for all processes. The key of a count is stored as a keyed digest."""

from datetime import datetime, timedelta

from sqlalchemy import case
from sqlmodel import Field, Session, SQLModel, col, delete

from dashboard.db import UtcDateTime, insert_into, keyring_of

#: The longest window of any count.
LONGEST_WINDOW = timedelta(hours=1)


class Tries(SQLModel, table=True):
    __tablename__ = "tries"

    kind: str = Field(primary_key=True)
    key_digest: str = Field(primary_key=True)
    began_at: datetime = Field(sa_type=UtcDateTime, index=True)
    count: int


def add_tries(
    session: Session, kind: str, key: str, now: datetime, window: timedelta, times: int = 1
) -> tuple[int, datetime]:
    """Adds tries in one statement, from zero if the window is over. Returns how many there are now, and since when."""
    row = insert_into(session, Tries).values(kind=kind, key_digest=digest_of(session, key), began_at=now, count=times)
    is_over = col(Tries.began_at) <= now - window
    changed = {
        "count": case((is_over, times), else_=col(Tries.count) + times),
        "began_at": case((is_over, now), else_=col(Tries.began_at)),
    }
    counted = row.on_conflict_do_update(index_elements=["kind", "key_digest"], set_=changed)
    now_there = counted.returning(col(Tries.count), col(Tries.began_at))
    count, began_at = session.connection().execute(now_there).one()
    return count, began_at


def forget_old_tries(session: Session, now: datetime) -> None:
    session.exec(delete(Tries).where(col(Tries.began_at) <= now - LONGEST_WINDOW))


def digest_of(session: Session, key: str) -> str:
    return keyring_of(session).digest_for_search(key)
