"""What is written to people: the address of a one-time link, and the e-mail around it. Sending lives in outbox.py."""

from datetime import datetime
from uuid import UUID

from flask import current_app, render_template
from sqlmodel import Session

from dashboard.config import Settings
from dashboard.stored_settings import read_branding
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation, PasswordReset
from dashboard.team.outbox import MailKind, queue_mail
from dashboard.web.locales import Formats


def invitation_address(code: str) -> str:
    return _settings().public_url + f"/invitations/{code}"


def reset_address(code: str) -> str:
    return _settings().public_url + f"/new-password/{code}"


def invitation_letter(session: Session, invitation: Invitation, code: str, invited_by: str) -> dict[str, str]:
    """In UTC: nobody knows yet where the reader is."""
    company = read_branding(session, _settings()).company_name
    text = render_template(
        "team/invitation.txt",
        company=company,
        invited_by=invited_by,
        role=invitation.role,
        address=invitation_address(code),
        until=Formats().moment(invitation.expires_at),
    )
    return {"to": invitation.email, "subject": "You are invited to Partner Desk", "text": text}


def reset_letter(member: Member, reset: PasswordReset, code: str) -> dict[str, str]:
    until = Formats(member.language, member.time_zone).moment(reset.expires_at)
    text = render_template("team/new_password.txt", name=member.name, address=reset_address(code), until=until)
    return {"to": member.email, "subject": "Choose a new password for Partner Desk", "text": text}


def tell_of_new_password(session: Session, member: Member, now: datetime) -> UUID | None:
    """So that a member notices when it was somebody else. Wake what it names after the commit, if it names anything."""
    if not _settings().sends_mail:
        return None
    at = Formats(member.language, member.time_zone).moment(now)
    address = f"{_settings().public_url}/forgotten-password"
    text = render_template("team/password_changed.txt", name=member.name, at=at, address=address)
    content = {"to": member.email, "subject": "Your password for Partner Desk was changed", "text": text}
    return queue_mail(session, MailKind.NOTICE, member.id, content, now).id


def _settings() -> Settings:
    settings = current_app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    return settings
