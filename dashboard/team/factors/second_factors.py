"""Second factors of all kinds: what a member has, and removing them. Each kind has its own module."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, select

from dashboard.team.factors import passkeys, recovery_codes, totp
from dashboard.team.factors.models import AuthenticatorApp, Passkey
from dashboard.team.models import Member

#: About the Member of the surrounding statement.
HAS_APP: ColumnElement[bool] = (
    exists()
    .where(col(AuthenticatorApp.member_id) == col(Member.id), col(AuthenticatorApp.confirmed_at).is_not(None))
    .correlate(Member)
)
HAS_PASSKEY: ColumnElement[bool] = exists().where(col(Passkey.member_id) == col(Member.id)).correlate(Member)
HAS_SECOND_FACTOR: ColumnElement[bool] = or_(HAS_APP, HAS_PASSKEY)


@dataclass(frozen=True)
class Factors:
    """The second factors of one member."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int

    @property
    def is_set(self) -> bool:
        return bool(self.app_since or self.passkeys)


def factors_of(session: Session, member_id: UUID) -> Factors:
    app = totp.confirmed_app(session, member_id)
    return Factors(
        app.confirmed_at if app else None,
        passkeys.list_passkeys(session, member_id),
        recovery_codes.count_left(session, member_id),
    )


def members_with_second_factor(session: Session, member_ids: Collection[UUID]) -> set[UUID]:
    """Those of the members who have an app or a passkey."""
    return set(session.exec(select(Member.id).where(col(Member.id).in_(member_ids), HAS_SECOND_FACTOR)).all())


def codes_follow_factors(session: Session, member_id: UUID) -> None:
    """Removes the recovery codes if no second factor is left. Call it after removing one."""
    session.flush()
    if not factors_of(session, member_id).is_set:
        recovery_codes.remove_codes(session, member_id)


def remove_second_factors(session: Session, member: Member) -> None:
    """Removes them all, for a member who lost them. An owner sets up a new one at the next sign-in."""
    totp.remove_app(session, member.id)
    passkeys.remove_passkeys(session, member.id)
    recovery_codes.remove_codes(session, member.id)
