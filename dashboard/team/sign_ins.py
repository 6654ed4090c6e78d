"""Server-side sign-ins: begun at the door, looked up on every request, ended at once for whoever holds a copy."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, Response, g
from flask import session as cookie
from flask_login import LoginManager, current_user
from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from dashboard.db import reading, transaction, utc_now
from dashboard.errors import Conflict
from dashboard.team.models import Member, SignIn
from dashboard.team.throttle import set_up_throttle

LIFETIME = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
#: The key under which flask-login looks for whom to load. Ours holds the token of a sign-in, not a member's id.
TOKEN = "_user_id"  # noqa: S105  # the name of a field, not a secret

#: Every request of a member begins with this one select, so it is built once.
SIGNED_IN = (
    select(Member, SignIn.id, SignIn.seen_at)
    .join(SignIn, col(SignIn.member_id) == Member.id)
    .where(
        col(SignIn.token_digest) == bindparam("digest"),
        col(SignIn.ended_at).is_(None),
        col(SignIn.created_at) > bindparam("oldest"),
        col(Member.disabled_at).is_(None),
    )
)


def set_up_sign_in(app: Flask) -> None:
    # The cookie lasts as long as the sign-in and is sent once, not again with every poll.
    app.config.update(PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_REFRESH_EACH_REQUEST=False)
    # The context processor would load the member for every template, the page of a broken database included.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # The row in the database is the protection.
    manager.user_loader(_load_member)
    app.add_template_global(current_user, "current_user")
    app.after_request(_note_that_seen)
    set_up_throttle(app)


def begin_sign_in(session: Session, member: Member, now: datetime, user_agent: str, address: str) -> str:
    """Returns the token for the browser's cookie; only its digest is kept."""
    present = session.get(Member, member.id)
    if present is None or present.disabled_at or present.password_hash != member.password_hash:
        raise Conflict("Your account was changed a moment ago. Sign in again.")
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            member_id=member.id,
            token_digest=_digest(token),
            created_at=now,
            seen_at=now,
            user_agent=user_agent[:200],
            from_address=address,
        )
    )
    return token


def end_sign_in(session: Session, token: str, now: datetime) -> None:
    session.exec(
        update(SignIn)
        .where(col(SignIn.token_digest) == _digest(token), col(SignIn.ended_at).is_(None))
        .values(ended_at=now)
    )


def end_all_sign_ins(session: Session, member: Member, now: datetime) -> None:
    session.exec(
        update(SignIn).where(col(SignIn.member_id) == member.id, col(SignIn.ended_at).is_(None)).values(ended_at=now)
    )


def give_token_to_browser(token: str) -> None:
    """A new session: nothing that was put into the cookie before the sign-in survives it."""
    cookie.clear()
    cookie[TOKEN] = token
    cookie.permanent = True
    _forget_loaded_member()


def take_token_from_browser() -> str:
    token = cookie.get(TOKEN, "")
    cookie.clear()
    _forget_loaded_member()
    return str(token)


def _forget_loaded_member() -> None:
    """flask-login keeps whom it loaded in `g`; what follows in this request must not be done in that name."""
    g.pop("_login_user", None)


def _load_member(token: str) -> Member | None:
    now = utc_now()
    with reading() as session:
        row = session.exec(SIGNED_IN, params={"digest": _digest(token), "oldest": now - LIFETIME}).first()
    if row is None:
        return None
    member, sign_in_id, seen_at = row
    if now - seen_at >= SEEN_EVERY:
        g.sign_in_to_note = sign_in_id
    return member


def _note_that_seen(response: Response) -> Response:
    """After the answer is made: the member may have been loaded inside a transaction, and there is one writer."""
    sign_in_id: UUID | None = g.pop("sign_in_to_note", None)
    if sign_in_id:
        with transaction() as session:
            session.exec(update(SignIn).where(col(SignIn.id) == sign_in_id).values(seen_at=utc_now()))
    return response


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
