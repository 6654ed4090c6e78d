"""Sending a link after it was made: by e-mail, as a reminder, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, case, exists, func, text, update
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, SQLModel, col, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import UtcDateTime, keyring_of, new_id
from dashboard.errors import Invalid
from dashboard.links.creation import link_address
from dashboard.links.models import Link
from dashboard.links.sharing import share_link
from dashboard.mail import may_receive_mail
from dashboard.stored_settings import read_branding
from dashboard.team.email.outbox import MailKind, OutgoingMail, cancel_mails, newest_mails, queue_mail
from dashboard.web.security.tries import add_tries

HOLDS_EMAIL = text("email_sealed IS NOT NULL")
LONGEST_EMAIL = 254
THROTTLED_FOR = timedelta(hours=1)
MOST_OF_A_LINK, MOST_OF_A_MEMBER = 5, 100  # e-mails in that time


class LinkMessage(SQLModel, table=True):
    """One e-mail or reminder. A reminder that was not mailed was copied and sent by hand."""

    __tablename__ = "link_message"
    __table_args__ = (
        Index("ix_link_message_link_id_id", "link_id", "id"),
        Index("ix_link_message_holds_email", "id", sqlite_where=HOLDS_EMAIL, postgresql_where=HOLDS_EMAIL),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    link_id: UUID = Field(foreign_key="link.id")
    is_reminder: bool
    is_mailed: bool
    email_sealed: bytes | None = None  # only where it was mailed, until it is erased
    sent_by: str
    at: datetime = Field(sa_type=UtcDateTime)


@dataclass(frozen=True)
class SentMessage:
    """A message, the address it went to, and its e-mail, which is deleted after a while."""

    message: LinkMessage
    email: str
    mail: OutgoingMail | None

    @property
    def masked_email(self) -> str:
        name, at, domain = self.email.rpartition("@")
        return f"{name[:1]}…@{domain}" if at else self.email


def email_associated_data(message_id: UUID) -> str:
    """The identity that a sealed e-mail address is bound to."""
    return f"link_message:{message_id}:email"


def check_recipient(email: str) -> None:
    """Raises Invalid unless this is an e-mail address."""
    if not email:
        raise Invalid({"email": "Enter the customer's e-mail address."})
    if len(email) > LONGEST_EMAIL or not may_receive_mail(email):
        raise Invalid({"email": "This is not an e-mail address. Check it again."})


def count_mail(session: Session, link_id: UUID, sent_by: str, now: datetime) -> None:
    """Counts an e-mail. Raises Invalid when the link or the member has reached its limit."""
    for kind, key, most in (("link mail", str(link_id), MOST_OF_A_LINK), ("mail of", sent_by, MOST_OF_A_MEMBER)):
        if add_tries(session, kind, key, now, THROTTLED_FOR)[0] > most:
            whose = "for this link" if key != sent_by else "from you"
            raise Invalid({"email": f"The limit is {most} e-mails an hour {whose}, so this one was not sent."})


def send_link(
    session: Session,
    link: Link,
    code: str,
    email: str,
    sent_by: str,
    is_reminder: bool,
    settings: Settings,
    now: datetime,
) -> UUID | None:
    """Notes the message and queues its e-mail, if it has an address; returns the e-mail's id for `send_soon`."""
    message = LinkMessage(link_id=link.id, is_reminder=is_reminder, is_mailed=bool(email), sent_by=sent_by, at=now)
    if email:
        message.email_sealed = keyring_of(session).seal(email.encode(), email_associated_data(message.id))
    session.add(message)
    link.changed(now)
    session.flush()
    mail = (
        queue_mail(session, MailKind.LINK, message.id, _content(session, link, code, email, is_reminder, settings), now)
        if email
        else None
    )
    action, how = "link.reminded" if is_reminder else "link.mailed", "e-mail" if email else "by hand"
    record(session, action, f"link {link.id}", now, details={"how": how})
    return mail.id if mail else None


def _content(
    session: Session, link: Link, code: str, email: str, is_reminder: bool, settings: Settings
) -> dict[str, str]:
    branding = read_branding(session, settings)
    share = share_link(link, branding, link_address(settings, code), is_reminder)
    subject = " ".join(share.mail_subject.split())
    return {"to": email, "from_name": branding.company_name, "subject": subject, "text": share.mail_body}


def messages_of(session: Session, link_id: UUID) -> Sequence[LinkMessage]:
    """The messages of a link, oldest first."""
    return session.exec(select(LinkMessage).where(LinkMessage.link_id == link_id).order_by(col(LinkMessage.id))).all()


def sent_of(session: Session, link_id: UUID) -> list[SentMessage]:
    """The messages with their addresses and e-mails, oldest first."""
    messages = messages_of(session, link_id)
    mails = newest_mails(session, [message.id for message in messages if message.is_mailed])
    return [SentMessage(message, email_of(session, message), mails.get(message.id)) for message in messages]


def last_reminder(session: Session, link_id: UUID) -> datetime | None:
    return max((message.at for message in messages_of(session, link_id) if message.is_reminder), default=None)


def is_of_reminder(session: Session, link_id: UUID) -> bool:
    """Whether the link's newest address was made for a reminder."""
    return any(message.is_reminder for message in messages_of(session, link_id)[-1:])


def last_email(session: Session, link_id: UUID) -> str:
    """The e-mail address used last; empty where nothing was sent or the address is gone."""
    emails = (email_of(session, message) for message in reversed(messages_of(session, link_id)))
    return next((email for email in emails if email and email != CANNOT_BE_OPENED), "")


def email_of(session: Session, message: LinkMessage) -> str:
    """The message's e-mail address; empty where there is none or it was erased."""
    if message.email_sealed is None:
        return ""
    opened = keyring_of(session).open_or_none(message.email_sealed, email_associated_data(message.id))
    return CANNOT_BE_OPENED if opened is None else opened.decode()


def version_of_mails(session: Session, link_id: UUID) -> int:
    """A number that changes with each attempt to send one of the link's e-mails, and with its result."""
    mail = OutgoingMail
    seen = col(mail.attempts) * 4 + case((col(mail.due_at).is_(None), 2), else_=0)
    seen += case((col(mail.last_error) != "", 1), else_=0)
    ids = select(LinkMessage.id).where(LinkMessage.link_id == link_id)
    return session.connection().execute(select_columns(func.sum(seen)).where(col(mail.about_id).in_(ids))).scalar() or 0


def cancel_link_mails(session: Session, link_ids: Sequence[UUID]) -> None:
    """Cancels e-mails that are not sent yet, whose addresses will stop working.

    Call it before the links are locked (lock_order.py).
    """
    ids = session.exec(select(LinkMessage.id).where(col(LinkMessage.link_id).in_(link_ids))).all()
    if ids:
        cancel_mails(session, *ids)


def erase_emails(session: Session, link_id: UUID) -> None:
    session.connection().execute(
        update(LinkMessage).where(col(LinkMessage.link_id) == link_id).values(email_sealed=None)
    )


def was_written_to(link_id: Any) -> ColumnElement[bool]:
    """Whether a link was sent by e-mail; a condition for the database."""
    return exists().where(col(LinkMessage.link_id) == link_id, col(LinkMessage.is_mailed))
