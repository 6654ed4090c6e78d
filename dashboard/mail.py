"""Sends one e-mail over SMTP with TLS. The texts are written in the slices."""

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dashboard.config import Settings
from dashboard.db import utc_now

TIMEOUT_SECONDS = 15
#: The port of TLS from the first byte, and the one where STARTTLS comes first.
PORTS = {"smtps": 465, "smtp": 587}
REFUSED_FOR_GOOD = range(500, 600)


class MailFailed(Exception):
    """The e-mail was not sent. The message says why, without the server's own words, which may quote an address.

    `is_of_server`: no e-mail gets through at the moment, not only this one.
    """

    def __init__(self, message: str, is_final: bool = False, is_of_server: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_final = is_final
        self.is_of_server = is_of_server


@dataclass(frozen=True, repr=False)
class MailServer:
    host: str
    port: int
    has_tls_at_once: bool
    user: str
    password: str
    sender: str
    ca_file: Path | None


def mail_server(settings: Settings) -> MailServer | None:
    """The configured server, or None if e-mail is not set up."""
    if settings.smtp_url is None:
        return None
    parts = urlsplit(settings.smtp_url.get_secret_value())
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        has_tls_at_once=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=settings.mail_from,
        ca_file=settings.smtp_ca_file,
    )


def may_receive_mail(email: str) -> bool:
    """Whether this is one plain e-mail address, without a name or a second address."""
    try:
        return Address(addr_spec=email).addr_spec == email
    except (MessageError, ValueError, IndexError):
        return False


def send_mail(server: MailServer, message_id: str, to: str, subject: str, text: str, from_name: str = "") -> None:
    """Sends one e-mail. Raises MailFailed.

    `message_id` stays the same when it is sent again, so that a mailbox can tell.
    """
    message = EmailMessage()
    message["From"] = Address(" ".join(from_name.split()), addr_spec=server.sender)
    message["To"], message["Subject"] = to, subject
    message["Message-ID"] = f"<{message_id}@{_domain(server)}>"
    message["Date"] = format_datetime(utc_now())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        _hand_over(server, message, to)
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise MailFailed(f"The mail server refuses this e-mail address ({code}).", code in REFUSED_FOR_GOOD) from None
    except smtplib.SMTPAuthenticationError as error:
        raise MailFailed(
            f"The mail server refuses our user name or password ({error.smtp_code}).", is_of_server=True
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise MailFailed("The mail server does not offer what is needed, such as TLS, so nothing was sent.") from None
    except smtplib.SMTPResponseException as error:
        raise MailFailed(f"The mail server refused the message ({error.smtp_code}).") from None
    except ssl.SSLError:
        raise MailFailed("The secure connection to the mail server failed.", is_of_server=True) from None
    except (OSError, smtplib.SMTPException):
        raise MailFailed("The mail server did not answer.", is_of_server=True) from None


def _hand_over(server: MailServer, message: EmailMessage, to: str) -> None:
    """Hands the message to the server.

    Its certificate is always checked against the usual or the configured authorities.
    """
    trust = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    name = _domain(server)  # by default smtplib looks up and reveals this machine's name
    connection = (
        smtplib.SMTP_SSL(server.host, server.port, name, timeout=TIMEOUT_SECONDS, context=trust)
        if server.has_tls_at_once
        else smtplib.SMTP(server.host, server.port, name, timeout=TIMEOUT_SECONDS)
    )
    with connection as smtp:
        if not server.has_tls_at_once:
            smtp.starttls(context=trust)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.send_message(message, server.sender, [to])


def _domain(server: MailServer) -> str:
    return server.sender.rpartition("@")[2]
