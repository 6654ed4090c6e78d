"""Authenticator apps (RFC 6238): a secret, the picture that an app reads it from, and codes that count once."""

from datetime import datetime
from uuid import UUID

import pyotp
import segno
from pyotp.utils import strings_equal
from sqlalchemy import delete, update
from sqlmodel import Session, col, or_

from dashboard.db import keyring_of
from dashboard.errors import Conflict
from dashboard.team.factors.models import AuthenticatorApp, app_identity
from dashboard.team.models import Member

ISSUER = "Partner Desk"
STEP_SECONDS = 30
#: The clocks of phones are off by some seconds, and a code takes some to type.
STEPS_OFF = (0, -1, 1)
QUIET_ZONE = 4


def begin_app(session: Session, member_id: UUID, now: datetime) -> None:
    """A new secret, which counts once its first code was right."""
    app = session.get(AuthenticatorApp, member_id)
    if app and app.confirmed_at:
        raise Conflict("An app is set up already. Remove it first.")
    sealed = keyring_of(session).seal(pyotp.random_base32().encode(), app_identity(member_id))
    app = app or AuthenticatorApp(member_id=member_id, secret_sealed=sealed, created_at=now)
    session.add(app)
    app.secret_sealed, app.created_at = sealed, now


def secret_to_set_up(session: Session, member_id: UUID) -> str | None:
    """What the app is to be given, as long as it is not confirmed; never shown again after that.

    One that cannot be opened is none: beginning again makes a new one.
    """
    app = session.get(AuthenticatorApp, member_id)
    return _secret(session, app) if app and app.confirmed_at is None else None


def confirm_app(session: Session, member_id: UUID, code: str, now: datetime) -> bool:
    """Whether the first code of the app was right; from then on it is asked for at sign-in."""
    app = session.get(AuthenticatorApp, member_id)
    secret = _secret(session, app) if app else None
    if app is None or app.confirmed_at or secret is None:
        raise Conflict("There is no app that waits to be set up. Begin again.")
    step = _step_of(secret, code, now)
    if step is None:
        return False
    app.confirmed_at, app.last_step = now, step
    return True


def claim_code(session: Session, member_id: UUID, code: str, now: datetime) -> bool:
    """Whether the code is right and nobody has used it yet. Of any number who try at once one update wins.

    Where the secret cannot be opened every code is wrong; `is_unreadable` tells why.
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
    """Whether the member has an app whose secret cannot be opened, so that none of its codes is ever right."""
    app = confirmed_app(session, member_id)
    return app is not None and _secret(session, app) is None


def picture_of(secret: str, member: Member) -> str:
    """A QR code as a data: address; the secret is in no address that is asked for."""
    address = pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name=ISSUER)
    code = segno.make(address, error="m", micro=False)
    return str(code.svg_data_uri(scale=1, border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True))


def spaced(secret: str) -> str:
    """In groups of four, for who types it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that the code belongs to, of the present one and its neighbours."""
    typed, present = "".join(code.split()), int(now.timestamp()) // STEP_SECONDS
    if not typed.isascii():
        return None
    totp, steps = pyotp.TOTP(secret), [present + off for off in STEPS_OFF]
    matching = [step for step in steps if strings_equal(typed, totp.at(step * STEP_SECONDS))]
    return matching[0] if matching else None


def _secret(session: Session, app: AuthenticatorApp) -> str | None:
    opened = keyring_of(session).open_or_none(app.secret_sealed, app_identity(app.member_id))
    return None if opened is None else opened.decode()
