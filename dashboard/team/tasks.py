"""The team's tasks for the worker: sending e-mails and deleting old rows.

No transaction is open while a mail server is contacted.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.context import current, reading, transaction
from dashboard.crypto import UnreadableValue
from dashboard.db import utc_now
from dashboard.mail import MailFailed, mail_server, send_mail
from dashboard.outages import OutageLog
from dashboard.team import one_time, queries
from dashboard.team.email import outbox
from dashboard.team.email.emails import reset_email
from dashboard.team.email.outbox import MailKind, OutgoingMail
from dashboard.team.members import resets
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task

log = structlog.get_logger(__name__)
MAIL_SERVER = OutageLog("mail server")


def send(mail_id: UUID) -> None:
    """Sends one e-mail. It may run twice: the message is claimed first, and its id lets a mailbox spot a duplicate."""
    settings = current().settings
    with transaction() as session:
        mail = outbox.claim_mail(session, mail_id, utc_now())
        if mail is None:
            return
        if mail.kind == MailKind.FORGOTTEN and not _write_reset_email(session, mail):
            session.delete(mail)
            return
    try:
        _hand_over(mail, settings)
    except MailFailed as failure:
        _note_failure(mail, failure, settings)
        return
    MAIL_SERVER.worked()
    with transaction() as session:
        outbox.note_sent(session, mail, utc_now())


def _hand_over(mail: OutgoingMail, settings: Settings) -> None:
    server = mail_server(settings)
    if server is None:
        raise MailFailed("E-mail is no longer set up.", is_final=True)
    try:
        with reading() as session:
            content = outbox.read_content(session, mail)
    except UnreadableValue:
        raise MailFailed("It can no longer be read, since its encryption key was removed.", is_final=True) from None
    from_name = content.get("from_name", "")
    send_mail(server, str(mail.id), content["to"], content["subject"], content["text"], from_name)


def _note_failure(mail: OutgoingMail, failure: MailFailed, settings: Settings) -> None:
    if failure.is_of_server:
        MAIL_SERVER.failed(failure.message)
    else:
        log.warning("mail_not_sent", mail=str(mail.id), reason=failure.message, attempts=mail.attempts)
    now = utc_now()
    with transaction() as session:
        is_given_up = outbox.note_failure(session, mail, failure.message, failure.is_final, settings.mail_waits, now)
        if is_given_up:
            record(session, "mail.given_up", f"mail {mail.id}", now, who=resets.WORKER, details={"kind": mail.kind})


def _write_reset_email(session: Session, mail: OutgoingMail) -> bool:
    """Writes the e-mail, once.

    Returns False if the address is no member's, or has had enough of them.
    """
    if mail.about_id is not None:
        return True
    now = utc_now()
    try:
        member = queries.find_member_by_email(session, outbox.read_content(session, mail)["to"])
    except UnreadableValue:
        return False
    made = resets.answer_forgotten(session, member, now)
    if member is None or made is None:
        return False
    reset, code = made
    mail.about_id = reset.id
    outbox.write_content(session, mail, reset_email(member, reset, code))
    return True


def forget_old_links(now: datetime) -> None:
    with transaction() as session:
        one_time.forget_old_links(session, now)


def forget_old_mails(now: datetime) -> None:
    with transaction() as session:
        outbox.forget_old_mails(session, now)


TASKS = (Task(outbox.SENDING, send, outbox.mails_due),)
PERIODIC = (
    Periodic("team.forget_old_links", timedelta(minutes=10), forget_old_links),
    Periodic("team.forget_old_mails", timedelta(minutes=10), forget_old_mails),
)
