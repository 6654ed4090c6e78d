"""Codes of before a reminder. They work until the newest code of their link is opened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Field, Session, SQLModel, col, delete, select

from dashboard.db import UtcDateTime
from dashboard.links.codes import digest_of_code
from dashboard.links.models import Link


class EarlierCode(SQLModel, table=True):
    """Once ended it opens nothing any more, but a browser that started with it still sees its own verification."""

    __tablename__ = "earlier_code"

    code_digest: str = Field(primary_key=True)
    link_id: UUID = Field(foreign_key="link.id", index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def opens(code: str) -> ColumnElement[bool]:
    """Whether it is a code that the link can be opened with."""
    return _has(code, col(EarlierCode.ended_at).is_(None))


def belongs(code: str) -> ColumnElement[bool]:
    """The same, or a code that the link was opened with before."""
    return _has(code)


def keep_earlier(session: Session, link: Link) -> None:
    """Before the link gets its next code."""
    session.add(EarlierCode(code_digest=link.code_digest, link_id=link.id))
    session.flush()


def has_earlier(session: Session, link_id: UUID) -> bool:
    return session.exec(select(EarlierCode.link_id).where(*_working(link_id)).limit(1)).first() is not None


def end_earlier(session: Session, link: Link, code: str, now: datetime) -> None:
    """Where `code` is the newest of the link, which the caller has locked."""
    if digest_of_code(code) != link.code_digest:
        return
    ended = session.connection().execute(update(EarlierCode).where(*_working(link.id)).values(ended_at=now))
    if ended.rowcount:
        link.changed(now)


def forget_earlier(session: Session, link_id: UUID) -> None:
    session.exec(delete(EarlierCode).where(col(EarlierCode.link_id) == link_id))


def _has(code: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    digest = digest_of_code(code)
    earlier = select(EarlierCode.link_id).where(EarlierCode.code_digest == digest, *conditions)
    return or_(col(Link.code_digest) == digest, col(Link.id) == earlier.scalar_subquery())


def _working(link_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(EarlierCode.link_id) == link_id, col(EarlierCode.ended_at).is_(None)
