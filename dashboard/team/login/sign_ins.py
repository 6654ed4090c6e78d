"""Server-side sign-ins: begun at the door, looked up on every request, ended at once for whoever holds a copy."""

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
#: Whoever stays away longer signs in again, or is remembered (remember_me.py).
UNSEEN_FOR = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)
#: The key under which flask-login looks for whom to load. Ours holds the token of a sign-in, not a member's id.
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
    # The cookie ends with the browser; Flask takes none that is older, whatever its session calls itself.
    app.config.update(PERMANENT_SESSION_LIFETIME=LIFETIME)
    # The context processor would load the member for every template, the page of a broken database included.
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
    """Returns the token for the browser's cookie; only its digest is kept.

    `is_confirmed`: the person has just proved who they are, so what asks for that need not ask again.
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
    """Whether somebody ended it, not only time."""
    ended = select(SignIn.id).where(col(SignIn.token_digest) == _digest(token), col(SignIn.ended_at).is_not(None))
    return session.exec(ended).first() is not None


def end_all_sign_ins(session: Session, member: Member, now: datetime) -> None:
    """Of every browser, those that would stay signed in too."""
    session.exec(
        update(SignIn).where(col(SignIn.member_id) == member.id, col(SignIn.ended_at).is_(None)).values(ended_at=now)
    )
    remember_me.forget_browsers_of(session, member.id, now)


def renew_sign_in(session: Session, member_id: UUID, now: datetime) -> str:
    """After a change of what a sign-in is proved with: all end, and this browser goes on with a new one."""
    member = session.get_one(Member, member_id)
    end_all_sign_ins(session, member, now)
    return begin_sign_in(session, member, now, request.user_agent.string, request.remote_addr or "")


def confirm_sign_in(session: Session, sign_in_id: UUID, now: datetime) -> str:
    """The person has proved who they are once more: a new token, and whoever holds a copy of the old one is out."""
    token = secrets.token_urlsafe(32)
    session.exec(
        update(SignIn)
        .where(col(SignIn.id) == sign_in_id, col(SignIn.ended_at).is_(None))
        .values(token_digest=_digest(token), confirmed_at=now)
    )
    return token


def give_token_to_browser(token: str) -> None:
    """A new session: nothing that was put into the cookie before the sign-in survives it."""
    cookie.clear()
    swap_token_in_browser(token)


def swap_token_in_browser(token: str) -> None:
    """The same person goes on: what other tabs hold, such as the token of an open form, stays good."""
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
    """What was kept for the browser beside it, such as a message, stays."""
    return str(cookie.pop(TOKEN, ""))


def _forget_loaded_member() -> None:
    """flask-login keeps whom it loaded in `g`; what follows in this request must not be done in that name."""
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
    """The demo's sample sign-ins are one password for all to try; everywhere else an owner has one."""
    settings = current().settings
    if settings.is_demo:
        return False
    return member.role == Role.OWNER or settings.second_factor_for == "everybody"


def _note_that_seen(response: Response) -> Response:
    """After the answer is made: the member may have been loaded inside a transaction, and there is one writer."""
    sign_in_id: UUID | None = g.pop("sign_in_to_note", None)
    if sign_in_id and not current().database.writes.is_on:
        # Where nothing can be written what was read is shown all the same; the next request notes it.
        with suppress(SQLAlchemyError), transaction() as session:
            session.exec(update(SignIn).where(col(SignIn.id) == sign_in_id).values(seen_at=utc_now()))
    return response


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
