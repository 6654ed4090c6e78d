"""The codes in links' addresses: shown once, stored only as digests.

A reminder gives a link a new code. The earlier ones work until the new one is opened.
"""

import hashlib
from datetime import datetime
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Field, Session, SQLModel, col, delete, select

from dashboard.db import UtcDateTime
from dashboard.links.models import Link

CODE_BYTES = 24  # 192 bits: 32 characters that need no escaping in an address


def new_code() -> str:
    return token_urlsafe(CODE_BYTES)


def digest_of_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


class EarlierCode(SQLModel, table=True):
    """An earlier code. An ended one opens nothing, but a browser that started with it still sees its verification."""

    __tablename__ = "earlier_code"

    code_digest: str = Field(primary_key=True)
    link_id: UUID = Field(foreign_key="link.id", index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def opens_with_code(code: str) -> ColumnElement[bool]:
    """Whether the code opens the link; a condition for the database."""
    return _has(code, col(EarlierCode.ended_at).is_(None))


def has_known_code(code: str) -> ColumnElement[bool]:
    """Whether the code opens the link, or did so earlier."""
    return _has(code)


def keep_earlier_code(session: Session, link: Link) -> None:
    """Keeps the current code as an earlier one, before the link gets its next code."""
    session.add(EarlierCode(code_digest=link.code_digest, link_id=link.id))
    session.flush()


def has_earlier_codes(session: Session, link_id: UUID) -> bool:
    return session.exec(select(EarlierCode.link_id).where(*_working(link_id)).limit(1)).first() is not None


def end_earlier_codes(session: Session, link: Link, code: str, now: datetime) -> None:
    """Ends the earlier codes if `code` is the link's newest. The caller has locked the link."""
    if digest_of_code(code) != link.code_digest:
        return
    ended = session.connection().execute(update(EarlierCode).where(*_working(link.id)).values(ended_at=now))
    if ended.rowcount:
        link.changed(now)


def forget_earlier_codes(session: Session, link_id: UUID) -> None:
    session.exec(delete(EarlierCode).where(col(EarlierCode.link_id) == link_id))


def _has(code: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    digest = digest_of_code(code)
    earlier = select(EarlierCode.link_id).where(EarlierCode.code_digest == digest, *conditions)
    return or_(col(Link.code_digest) == digest, col(Link.id) == earlier.scalar_subquery())


def _working(link_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(EarlierCode.link_id) == link_id, col(EarlierCode.ended_at).is_(None)
