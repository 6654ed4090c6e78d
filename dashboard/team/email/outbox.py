"""The outbox: e-mails that wait to be sent, one row each.

An e-mail is queued in the transaction of what it is about; the worker sends it (tasks.py). Its content is kept until a
mail server has accepted it, or it is given up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import Field, Session, SQLModel, col, select

from dashboard.crypto import UnreadableValue
from dashboard.db import EnumText, UtcDateTime, keyring_of, new_id
from dashboard.worker.queue import wake

#: Longer than one try can take. A worker that claimed a message earlier and noted no result was killed.
CLAIMED_FOR = timedelta(minutes=2)
KEPT_FOR = timedelta(days=30)
SENDING = "team.send_mail"  # the name of the task


class MailKind(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"
    NOTICE = "notice"
    LINK = "link"  # to a customer, with the address of their link
    FORGOTTEN = "forgotten"  # an address that somebody typed: the worker looks up whose it is


class OutgoingMail(SQLModel, table=True):
    __tablename__ = "outgoing_mail"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: MailKind = Field(sa_type=EnumText(MailKind))
    about_id: UUID | None = Field(default=None, index=True)  # the invitation, the reset, or the message of a link
    content_sealed: bytes | None = None  # removed at the end: the text holds a code
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # None: finished
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str = ""

    @property
    def is_over(self) -> bool:
        return self.due_at is None


def queue_mail(
    session: Session, kind: MailKind, about_id: UUID | None, content: Mapping[str, str], now: datetime
) -> OutgoingMail:
    """Queues an e-mail. Call `send_soon` after the commit.

    `content`: to, subject, text, and from_name if the sender has one.
    """
    mail = OutgoingMail(kind=kind, about_id=about_id, created_at=now, due_at=now)
    session.add(mail)
    write_content(session, mail, content)
    return mail


def send_soon(mail_id: UUID | None) -> None:
    """Wakes the worker to send the e-mail, if there is one. Call it after the commit."""
    if mail_id:
        wake(SENDING, mail_id)


def write_content(session: Session, mail: OutgoingMail, content: Mapping[str, str]) -> None:
    mail.content_sealed = keyring_of(session).seal_json(dict(content), content_associated_data(mail.id))


def read_content(session: Session, mail: OutgoingMail) -> dict[str, str]:
    if mail.content_sealed is None:
        raise UnreadableValue("this message is finished, so its content is gone")
    return dict(keyring_of(session).open_json(mail.content_sealed, content_associated_data(mail.id)))


def claim_mail(session: Session, mail_id: UUID, now: datetime) -> OutgoingMail | None:
    """Claims a message in one guarded UPDATE, so that one worker sends it. A killed worker's claim runs out."""
    result = session.connection().execute(
        update(OutgoingMail)
        .where(col(OutgoingMail.id) == mail_id, col(OutgoingMail.due_at) <= now)
        .values(due_at=now + CLAIMED_FOR, attempts=col(OutgoingMail.attempts) + 1)
    )
    return session.get_one(OutgoingMail, mail_id) if result.rowcount == 1 else None


def note_sent(session: Session, mail: OutgoingMail, now: datetime) -> None:
    _end(session, mail.id, sent_at=now, last_error="")


def note_failure(
    session: Session, mail: OutgoingMail, reason: str, is_final: bool, waits: Sequence[float], now: datetime
) -> bool:
    """Schedules the next try. Returns True if the message is given up: no waits are left, or the refusal is final."""
    if is_final or mail.attempts > len(waits):
        _end(session, mail.id, failed_at=now, last_error=reason)
        return True
    due_at = now + timedelta(seconds=waits[mail.attempts - 1])
    session.connection().execute(
        update(OutgoingMail)
        .where(col(OutgoingMail.id) == mail.id, col(OutgoingMail.due_at).is_not(None))
        .values(due_at=due_at, last_error=reason)
    )
    return False


def cancel_mails(session: Session, *about_ids: UUID) -> None:
    """Cancels the e-mails about these rows, whose codes no longer work."""
    session.connection().execute(
        update(OutgoingMail)
        .where(col(OutgoingMail.about_id).in_(about_ids), col(OutgoingMail.due_at).is_not(None))
        .values(due_at=None, content_sealed=None)
    )


def newest_mails(session: Session, about_ids: Sequence[UUID]) -> dict[UUID, OutgoingMail]:
    """The newest e-mail about each of these rows."""
    found = session.exec(
        select(OutgoingMail).where(col(OutgoingMail.about_id).in_(about_ids)).order_by(col(OutgoingMail.id))
    ).all()
    return {mail.about_id: mail for mail in found if mail.about_id}


def mails_due(session: Session, _: str, now: datetime, limit: int) -> Sequence[UUID]:
    """The e-mails that are due, for the sweep."""
    return session.exec(select(OutgoingMail.id).where(col(OutgoingMail.due_at) <= now).limit(limit)).all()


@dataclass(frozen=True)
class DelayedMails:
    """E-mails that failed and wait for another try. `last_error` is that of the next one."""

    count: int
    last_error: str


def find_delayed_mails(session: Session) -> DelayedMails | None:
    """The delayed e-mails; None if no waiting e-mail has failed."""
    waits = col(OutgoingMail.due_at).is_not(None), col(OutgoingMail.last_error) != ""
    errors = select(OutgoingMail.last_error).where(*waits).order_by(col(OutgoingMail.due_at)).limit(1)
    last_error = session.exec(errors).first()
    if last_error is None:
        return None
    return DelayedMails(session.exec(select(func.count()).select_from(OutgoingMail).where(*waits)).one(), last_error)


def forget_old_mails(session: Session, now: datetime) -> None:
    session.connection().execute(
        delete(OutgoingMail).where(col(OutgoingMail.due_at).is_(None), col(OutgoingMail.created_at) < now - KEPT_FOR)
    )


def _end(session: Session, mail_id: UUID, **values: object) -> None:
    session.connection().execute(
        update(OutgoingMail).where(col(OutgoingMail.id) == mail_id).values(due_at=None, content_sealed=None, **values)
    )


def content_associated_data(mail_id: UUID) -> str:
    return f"outgoing_mail:{mail_id}:content"
