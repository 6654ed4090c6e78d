"""Server-side sign-ins: looked up on every request, and ended at once for every copy of the cookie."""

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, Response, g, request
from flask import session as cookie
from flask_login import LoginManager, current_user
from sqlalchemy import bindparam, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict
from dashboard.permissions import Role
from dashboard.team.factors.second_factors import HAS_SECOND_FACTOR
from dashboard.team.login import remember_me
from dashboard.team.models import Member, SignIn
from dashboard.web.access import SignInState, note_sign_in_state

LIFETIME = timedelta(days=30)
#: After a longer absence a member signs in again, or is remembered (remember_me.py).
UNSEEN_FOR = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)
#: The session key that flask-login reads. It holds the token of a sign-in here, not a member's id.
TOKEN = "_user_id"  # noqa: S105  # the name of a field, not a secret

#: Every request of a member begins with this one select, so it is built once.
SIGNED_IN = (
    select(Member, SignIn, HAS_SECOND_FACTOR)
    .join(SignIn, col(SignIn.member_id) == Member.id)
    .where(
        col(SignIn.token_digest) == bindparam("digest"),
        col(SignIn.ended_at).is_(None),
        col(SignIn.created_at) > bindparam("oldest"),
        col(SignIn.seen_at) > bindparam("unseen_since"),
        col(Member.disabled_at).is_(None),
    )
)


def set_up_sign_in(app: Flask) -> None:
    # The cookie ends with the browser. Flask accepts none that is older, permanent or not.
    app.config.update(PERMANENT_SESSION_LIFETIME=LIFETIME)
    # The context processor would load the member for every template, even for the page about a broken database.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # The row in the database is the protection.
    manager.user_loader(_load_member)
    app.add_template_global(current_user, "current_user")
    app.after_request(_note_that_seen)


def begin_sign_in(
    session: Session,
    member: Member,
    now: datetime,
    user_agent: str,
    address: str,
    *,
    remembered_id: UUID | None = None,
    is_confirmed: bool = True,
) -> str:
    """Starts a sign-in and returns the token for the browser's cookie. Only its digest is stored.

    `is_confirmed`: the member has just proved who they are, so nothing asks for that again soon.
    """
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
            confirmed_at=now if is_confirmed else None,
            remembered_id=remembered_id,
        )
    )
    return token


def end_sign_in(session: Session, token: str, now: datetime) -> None:
    session.exec(
        update(SignIn)
        .where(col(SignIn.token_digest) == _digest(token), col(SignIn.ended_at).is_(None))
        .values(ended_at=now)
    )


def was_ended(session: Session, token: str) -> bool:
    """Whether the sign-in was ended on purpose, not by time alone."""
    ended = select(SignIn.id).where(col(SignIn.token_digest) == _digest(token), col(SignIn.ended_at).is_not(None))
    return session.exec(ended).first() is not None


def end_all_sign_ins(session: Session, member: Member, now: datetime) -> None:
    """Ends the sign-ins of all the member's browsers, remembered ones included."""
    session.exec(
        update(SignIn).where(col(SignIn.member_id) == member.id, col(SignIn.ended_at).is_(None)).values(ended_at=now)
    )
    remember_me.forget_browsers_of(session, member.id, now)


def renew_sign_in(session: Session, member_id: UUID, now: datetime) -> str:
    """Ends all sign-ins and starts a new one for this browser, after a password or second factor changed."""
    member = session.get_one(Member, member_id)
    end_all_sign_ins(session, member, now)
    return begin_sign_in(session, member, now, request.user_agent.string, request.remote_addr or "")


def confirm_sign_in(session: Session, sign_in_id: UUID, now: datetime) -> str:
    """Notes that the member confirmed who they are. Returns a new token, so that copies of the old one stop working."""
    token = secrets.token_urlsafe(32)
    session.exec(
        update(SignIn)
        .where(col(SignIn.id) == sign_in_id, col(SignIn.ended_at).is_(None))
        .values(token_digest=_digest(token), confirmed_at=now)
    )
    return token


def give_token_to_browser(token: str) -> None:
    """Starts a new session: nothing that was put into the cookie before the sign-in survives it."""
    cookie.clear()
    swap_token_in_browser(token)


def swap_token_in_browser(token: str) -> None:
    """Replaces the token and keeps the session, so that open forms in other tabs stay valid."""
    cookie[TOKEN] = token
    _forget_loaded_member()


def token_of_browser() -> str:
    return str(cookie.get(TOKEN, ""))


def take_token_from_browser() -> str:
    token = token_of_browser()
    cookie.clear()
    _forget_loaded_member()
    return token


def drop_ended_token() -> str:
    """Removes the token and keeps the rest of the session, such as a message."""
    return str(cookie.pop(TOKEN, ""))


def _forget_loaded_member() -> None:
    """Removes the member that flask-login cached in `g`: the rest of the request is not done in their name."""
    g.pop("_login_user", None)


def _load_member(token: str) -> Member | None:
    now = utc_now()
    with reading() as session:
        times = {"oldest": now - LIFETIME, "unseen_since": now - UNSEEN_FOR}
        row = session.exec(SIGNED_IN, params={"digest": _digest(token), **times}).first()
    if row is None:
        return None
    member, sign_in, has_second_factor = row
    owes_second_factor = not has_second_factor and _must_have_second_factor(member)
    note_sign_in_state(SignInState(sign_in.id, sign_in.confirmed_at, owes_second_factor))
    if now - sign_in.seen_at >= SEEN_EVERY:
        g.sign_in_to_note = sign_in.id
    return member


def _must_have_second_factor(member: Member) -> bool:
    """Whether the member needs a second factor. The demo's members share one password, so nobody does there."""
    settings = current().settings
    if settings.is_demo:
        return False
    return member.role == Role.OWNER or settings.second_factor_for == "everybody"


def _note_that_seen(response: Response) -> Response:
    """Notes when the sign-in was last seen, after the answer is made.

    The member may have been loaded inside a transaction, and there is one writer.
    """
    sign_in_id: UUID | None = g.pop("sign_in_to_note", None)
    if sign_in_id and not current().database.writes.is_on:
        # If nothing can be written, the page is shown all the same and the next request notes it.
        with suppress(SQLAlchemyError), transaction() as session:
            session.exec(update(SignIn).where(col(SignIn.id) == sign_in_id).values(seen_at=utc_now()))
    return response


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
