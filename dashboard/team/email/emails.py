"""Writes the e-mails to members and their one-time links. outbox.py sends them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import render_template
from sqlmodel import Session

from dashboard.context import current
from dashboard.stored_settings import read_branding
from dashboard.team.browsers import browser_in_words
from dashboard.team.email.outbox import MailKind, queue_mail
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation, PasswordReset
from dashboard.web.pages.locales import Formats, company_formats

if TYPE_CHECKING:
    from dashboard.team.login.sign_in_anomalies import SignInAnomalies

APP_ADDED = "An authenticator app was added, with new recovery codes."
APP_REMOVED = "The authenticator app was removed."
PASSKEY_ADDED = "A passkey was added."
PASSKEY_REMOVED = "A passkey was removed."
CODES_MADE = "New recovery codes were made. The earlier ones no longer work."
ALL_REMOVED = "Your administrator removed the authenticator app, all passkeys and all recovery codes."


def invitation_address(code: str) -> str:
    return current().settings.public_url + f"/invitations/{code}"


def reset_address(code: str) -> str:
    return current().settings.public_url + f"/new-password/{code}"


def invitation_email(session: Session, invitation: Invitation, code: str, invited_by: str) -> dict[str, str]:
    """The e-mail that invites somebody. Times are in the company's zone, since the reader's is not known yet."""
    company = read_branding(session, current().settings).company_name
    text = render_template(
        "team/invitation.txt",
        company=company,
        invited_by=invited_by,
        role=invitation.role,
        address=invitation_address(code),
        until=company_formats(session).moment(invitation.expires_at),
    )
    return {"to": invitation.email, "subject": "You are invited to Partner Desk", "text": text}


def reset_email(member: Member, reset: PasswordReset, code: str) -> dict[str, str]:
    until = Formats(member.language, member.time_zone).moment(reset.expires_at)
    text = render_template("team/new_password.txt", name=member.name, address=reset_address(code), until=until)
    return {"to": member.email, "subject": "Choose a new password for Partner Desk", "text": text}


def email_about_new_password(session: Session, member: Member, now: datetime) -> UUID | None:
    """Queues a notice, in case it was somebody else. Pass the id to `send_soon` after the commit."""
    return _notice(session, member, "Your password for Partner Desk was changed", "team/password_changed.txt", now)


def email_about_second_factor(session: Session, member: Member, what: str, now: datetime) -> UUID | None:
    """Queues a notice about a second factor. `what` is one of the sentences above."""
    subject = "The second factor of your account at Partner Desk was changed"
    return _notice(session, member, subject, "team/second_factor_changed.txt", now, what=what)


def email_about_odd_sign_in(
    session: Session, member: Member, odd: "SignInAnomalies", user_agent: str, from_address: str, now: datetime
) -> UUID | None:
    facts = {"odd": odd, "browser": browser_in_words(user_agent), "from_address": from_address}
    return _notice(session, member, "A sign-in to your account at Partner Desk", "team/odd_sign_in.txt", now, **facts)


def _notice(session: Session, member: Member, subject: str, template: str, now: datetime, **facts: Any) -> UUID | None:
    """Queues a notice if e-mail is set up. Times are in the member's zone."""
    if not current().settings.sends_mail:
        return None
    at = Formats(member.language, member.time_zone).moment(now)
    address = f"{current().settings.public_url}/forgotten-password"
    text = render_template(template, name=member.name, at=at, address=address, **facts)
    content = {"to": member.email, "subject": subject, "text": text}
    return queue_mail(session, MailKind.NOTICE, member.id, content, now).id
