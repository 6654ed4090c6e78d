"""Browsers that stay signed in, by a selector and a token in a cookie. The token changes at each use.

A token that comes twice means that two browsers hold the same cookie. Nobody can tell which is the thief, so the whole
family ends with its sign-ins, and the member is told.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.team.factors.models import RememberedBrowser
from dashboard.team.models import Member, SignIn

COOKIE = "keep"
LIFETIME = timedelta(days=30)
#: Two tabs that open at once send the same token; the second is no thief.
GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class RememberedSignIn:
    """The result of checking a token. `cookie` is the new value; empty if the browser keeps the old one."""

    verdict: Literal["welcome", "unknown", "copied"]
    browser: RememberedBrowser | None = None
    member: Member | None = None
    cookie: str = ""


def remember(session: Session, member_id: UUID, now: datetime, user_agent: str) -> tuple[RememberedBrowser, str]:
    """Starts a new family. Returns it and the value of the browser's cookie."""
    token = _new_token()
    browser = RememberedBrowser(
        member_id=member_id,
        selector=secrets.token_urlsafe(16),
        token_digest=_digest(token),
        created_at=now,
        rotated_at=now,
        user_agent=user_agent[:200],
    )
    session.add(browser)
    return browser, f"{browser.selector}.{token}"


def resume_remembered(session: Session, cookie: str, now: datetime, user_agent: str) -> RememberedSignIn:
    selector, _, token = cookie.partition(".")
    found = session.exec(select(RememberedBrowser).where(col(RememberedBrowser.selector) == selector)).first()
    if found is None or found.ended_at or now - found.created_at >= LIFETIME:
        return RememberedSignIn("unknown")
    member = session.get(Member, found.member_id)
    if member is None or member.disabled_at or _has_an_ended_sign_in(session, found.id):
        return RememberedSignIn("unknown")
    fresh = _new_token()
    if _rotate(session, found.id, _digest(token), _digest(fresh), now, user_agent):
        return RememberedSignIn("welcome", found, member, f"{selector}.{fresh}")
    session.refresh(found)
    if _is_of_a_moment_ago(found, token, now, user_agent):
        return RememberedSignIn("welcome", found, member)
    _end_family(session, found, member, now)
    return RememberedSignIn("copied")


def forget_browser(session: Session, cookie: str, now: datetime) -> None:
    """Forgets this browser only, at sign-out."""
    selector = cookie.partition(".")[0]
    _end(session, now, col(RememberedBrowser.selector) == selector)


def forget_browsers_of(session: Session, member_id: UUID, now: datetime) -> None:
    _end(session, now, col(RememberedBrowser.member_id) == member_id)


def unreported_copies(session: Session, member_id: UUID, now: datetime) -> int:
    """How many copied cookies the member has not been told about; they count as told from now on."""
    told = session.connection().execute(
        update(RememberedBrowser)
        .where(
            col(RememberedBrowser.member_id) == member_id,
            col(RememberedBrowser.copied_at).is_not(None),
            col(RememberedBrowser.told_at).is_(None),
        )
        .values(told_at=now)
    )
    return int(told.rowcount)


def _has_an_ended_sign_in(session: Session, browser_id: UUID) -> bool:
    """Whether a sign-in of this browser was ended on purpose, so that it must not come back by itself."""
    ended = select(SignIn.id).where(col(SignIn.remembered_id) == browser_id, col(SignIn.ended_at).is_not(None))
    return session.exec(ended.limit(1)).first() is not None


def _rotate(session: Session, browser_id: UUID, digest: str, fresh_digest: str, now: datetime, user_agent: str) -> bool:
    """Replaces the token in one guarded UPDATE: of two requests with the same token one gets the next."""
    rotated = session.connection().execute(
        update(RememberedBrowser)
        .where(
            col(RememberedBrowser.id) == browser_id,
            col(RememberedBrowser.token_digest) == digest,
            col(RememberedBrowser.ended_at).is_(None),
        )
        .values(token_digest=fresh_digest, previous_digest=digest, rotated_at=now, user_agent=user_agent[:200])
    )
    return bool(rotated.rowcount)


def _is_of_a_moment_ago(browser: RememberedBrowser, token: str, now: datetime, user_agent: str) -> bool:
    is_previous = hmac.compare_digest(browser.previous_digest, _digest(token))
    return is_previous and now - browser.rotated_at <= GRACE and user_agent[:200] == browser.user_agent


def _end_family(session: Session, browser: RememberedBrowser, member: Member, now: datetime) -> None:
    session.add(browser)
    browser.ended_at = browser.copied_at = now
    session.connection().execute(
        update(SignIn)
        .where(col(SignIn.remembered_id) == browser.id, col(SignIn.ended_at).is_(None))
        .values(ended_at=now)
    )
    session.flush()
    record(session, "member.cookie_copied", f"member {member.id}", now, details={"browser": str(browser.id)})


def _end(session: Session, now: datetime, whose: ColumnElement[bool]) -> None:
    session.connection().execute(
        update(RememberedBrowser).where(whose, col(RememberedBrowser.ended_at).is_(None)).values(ended_at=now)
    )


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
