"""Authenticator apps (RFC 6238): their secrets, QR codes and one-time codes."""

from datetime import datetime
from uuid import UUID

import pyotp
import segno
from pyotp.utils import strings_equal
from sqlalchemy import delete, update
from sqlmodel import Session, col, or_

from dashboard.db import keyring_of
from dashboard.errors import Conflict
from dashboard.team.factors.models import AuthenticatorApp, app_associated_data
from dashboard.team.models import Member

ISSUER = "Partner Desk"
STEP_SECONDS = 30
#: Phone clocks are a few seconds off, and typing a code takes a few.
STEPS_OFF = (0, -1, 1)
QUIET_ZONE = 4


def begin_app(session: Session, member_id: UUID, now: datetime) -> None:
    """Makes a new secret, which counts once its first code was right."""
    app = session.get(AuthenticatorApp, member_id)
    if app and app.confirmed_at:
        raise Conflict("An app is set up already. Remove it first.")
    sealed = keyring_of(session).seal(pyotp.random_base32().encode(), app_associated_data(member_id))
    app = app or AuthenticatorApp(member_id=member_id, secret_sealed=sealed, created_at=now)
    session.add(app)
    app.secret_sealed, app.created_at = sealed, now


def secret_to_set_up(session: Session, member_id: UUID) -> str | None:
    """The secret for an app that is not confirmed yet; None after that, so it is never shown again.

    None also if it cannot be opened: beginning again makes a new one.
    """
    app = session.get(AuthenticatorApp, member_id)
    return _secret(session, app) if app and app.confirmed_at is None else None


def confirm_app(session: Session, member_id: UUID, code: str, now: datetime) -> bool:
    """Confirms the app if its first code is right, and returns whether it was. Sign-in then asks for its codes."""
    app = session.get(AuthenticatorApp, member_id)
    secret = _secret(session, app) if app else None
    if app is None or app.confirmed_at or secret is None:
        raise Conflict("There is no app to finish setting up. Begin again.")
    step = _step_of(secret, code, now)
    if step is None:
        return False
    app.confirmed_at, app.last_step = now, step
    return True


def claim_code(session: Session, member_id: UUID, code: str, now: datetime) -> bool:
    """Uses up a code. Returns whether it was right and unused: of any number of tries at once, one wins.

    If the secret cannot be opened, every code is wrong; `is_unreadable` tells.
    """
    app = confirmed_app(session, member_id)
    secret = _secret(session, app) if app else None
    if secret is None:
        return False
    step = _step_of(secret, code, now)
    if step is None:
        return False
    is_unspent = or_(col(AuthenticatorApp.last_step).is_(None), col(AuthenticatorApp.last_step) < step)
    claimed = session.connection().execute(
        update(AuthenticatorApp).where(col(AuthenticatorApp.member_id) == member_id, is_unspent).values(last_step=step)
    )
    return bool(claimed.rowcount)


def remove_app(session: Session, member_id: UUID) -> None:
    session.connection().execute(delete(AuthenticatorApp).where(col(AuthenticatorApp.member_id) == member_id))


def confirmed_app(session: Session, member_id: UUID) -> AuthenticatorApp | None:
    app = session.get(AuthenticatorApp, member_id)
    return app if app and app.confirmed_at else None


def is_unreadable(session: Session, member_id: UUID) -> bool:
    """Whether the secret of the member's app cannot be opened, so that no code is ever right."""
    app = confirmed_app(session, member_id)
    return app is not None and _secret(session, app) is None


def image_of(secret: str, member: Member) -> str:
    """The secret's QR code as a data: address, so that no requested address contains the secret."""
    address = pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name=ISSUER)
    code = segno.make(address, error="m", micro=False)
    return str(code.svg_data_uri(scale=1, border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True))


def spaced(secret: str) -> str:
    """The secret in groups of four, for typing."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that the code belongs to: the current one or a neighbour; None if it is neither."""
    typed, present = "".join(code.split()), int(now.timestamp()) // STEP_SECONDS
    if not typed.isascii():
        return None
    totp, steps = pyotp.TOTP(secret), [present + off for off in STEPS_OFF]
    matching = [step for step in steps if strings_equal(typed, totp.at(step * STEP_SECONDS))]
    return matching[0] if matching else None


def _secret(session: Session, app: AuthenticatorApp) -> str | None:
    opened = keyring_of(session).open_or_none(app.secret_sealed, app_associated_data(app.member_id))
    return None if opened is None else opened.decode()
