"""Members, invitations and accounts as JSON, without passwords, codes and digests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.team.browsers import browser_in_words
from dashboard.team.email.outbox import OutgoingMail
from dashboard.team.models import Member, SignIn
from dashboard.team.one_time import Invitation
from dashboard.web.pages.answers import json_time


def member_to_json(member: Member, seen_at: datetime | None, has_second_factor: bool) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "created_at": json_time(member.created_at),
        "disabled_at": json_time(member.disabled_at),
        "last_seen_at": json_time(seen_at),
        "has_second_factor": has_second_factor,
    }


def invitation_to_json(invitation: Invitation, mail: OutgoingMail | None, now: datetime) -> dict[str, Any]:
    return {
        "id": str(invitation.id),
        "email": invitation.email,
        "role": invitation.role.value,
        "invited_by": str(invitation.invited_by),
        "created_at": json_time(invitation.created_at),
        "expires_at": json_time(invitation.expires_at),
        "is_open": invitation.is_open(now),
        "used_at": json_time(invitation.used_at),
        "withdrawn_at": json_time(invitation.withdrawn_at),
        "mail": mail_to_json(mail),
    }


def mail_to_json(mail: OutgoingMail | None) -> dict[str, Any] | None:
    if mail is None:
        return None
    return {
        "attempts": mail.attempts,
        "sent_at": json_time(mail.sent_at),
        "failed_at": json_time(mail.failed_at),
        "last_error": mail.last_error or None,
    }


def account_to_json(member: Member, sign_ins: Sequence[SignIn], this_sign_in: UUID | None) -> dict[str, Any]:
    """Everything that is stored about a member, except secrets and the audit trail."""
    return {
        "id": str(member.id),
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "created_at": json_time(member.created_at),
        "language": member.language,
        "time_zone": member.time_zone,
        "sign_ins": [
            {
                "id": str(sign_in.id),
                "is_this_one": sign_in.id == this_sign_in,
                "browser": browser_in_words(sign_in.user_agent),
                "user_agent": sign_in.user_agent,
                "from_address": sign_in.from_address,
                "created_at": json_time(sign_in.created_at),
                "seen_at": json_time(sign_in.seen_at),
            }
            for sign_in in sign_ins
        ],
    }
