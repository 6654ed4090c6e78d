"""The cast: Ada owns, Ben operates, Cleo views, Dan has left and must see nothing."""

import pyotp
from argon2 import PasswordHasher
from sqlmodel import select

from dashboard.db import Database, keyring_of, utc_now
from dashboard.permissions import Role
from dashboard.team.factors import passwords
from dashboard.team.factors.models import AuthenticatorApp
from dashboard.team.models import Member

# Hashing is slow on purpose, and tests sign in a thousand times: within the test process it costs next to nothing.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

PASSWORD = "correct horse battery staple"
SECOND_STEP = "/sign-in/code"
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CAST = {"ada": Role.OWNER, "ben": Role.OPERATOR, "cleo": Role.VIEWER, "dan": Role.OPERATOR}
PASSWORD_HASH = passwords.hash_password(PASSWORD)


def make_member(database: Database, name: str, *, has_app: bool | None = None) -> Member:
    """An owner has an authenticator app unless told otherwise, as everywhere outside the demo."""
    member = _find_or_make(database, name)
    if has_app if has_app is not None else member.role == Role.OWNER:
        make_app(database, member)
    return member


def _find_or_make(database: Database, name: str) -> Member:
    email = f"{name}@example.com"
    with database.transaction() as session:
        found = session.exec(select(Member).where(Member.email == email)).first()
        if found:
            return found
        now = utc_now()
        member = Member(
            email=email,
            name=name.title(),
            role=CAST[name],
            password_hash=PASSWORD_HASH,
            created_at=now,
            disabled_at=now if name == "dan" else None,
        )
        session.add(member)
        return member


def make_app(database: Database, member: Member) -> None:
    """Whoever must have a second factor has an authenticator app, none of whose codes is spent."""
    with database.transaction() as session:
        app = session.get(AuthenticatorApp, member.id)
        if app is None:
            sealed = keyring_of(session).seal(APP_SECRET.encode(), f"member:{member.id}:authenticator")
            now = utc_now()
            app = AuthenticatorApp(member_id=member.id, secret_sealed=sealed, created_at=now, confirmed_at=now)
            session.add(app)
        app.last_step = None


def app_code(steps_off: int = 0, secret: str = APP_SECRET) -> str:
    """What the app shows now, or so many half minutes later."""
    return pyotp.TOTP(secret).at(int(utc_now().timestamp()) + 30 * steps_off)
