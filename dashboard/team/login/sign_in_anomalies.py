"""Detects unusual sign-ins: many wrong tries before, or a browser and network that the member never used."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from dashboard.audit.models import AuditEntry
from dashboard.team.login import known_browsers
from dashboard.team.login.throttle import WINDOW
from dashboard.team.models import Member, SignIn
from dashboard.web.security.networks import network_of

MANY_WRONG = 5
REFUSED = "member.sign_in_refused"  # the audit action for every wrong password or code of a member


@dataclass(frozen=True)
class SignInAnomalies:
    wrong_tries: int
    is_from_new_place: bool

    @property
    def has_many_wrong(self) -> bool:
        return self.wrong_tries >= MANY_WRONG

    @property
    def deserve_email(self) -> bool:
        return self.has_many_wrong or self.is_from_new_place


def find_anomalies(session: Session, member: Member, address: str, now: datetime) -> SignInAnomalies:
    """What is unusual about a sign-in that is about to begin. A member's first sign-in is not from a new place."""
    last = session.exec(select(func.max(SignIn.created_at)).where(SignIn.member_id == member.id)).one()
    since = max(last, now - WINDOW) if last else now - WINDOW
    wrong = select(func.count()).where(AuditEntry.subject == f"member {member.id}", AuditEntry.action == REFUSED)
    is_known = known_browsers.browser_known_for(session, member.email) or known_browsers.has_signed_in_from(
        session, member.email, network_of(address)
    )
    return SignInAnomalies(
        wrong_tries=session.exec(wrong.where(col(AuditEntry.at) > since)).one(),
        is_from_new_place=last is not None and not is_known,
    )
