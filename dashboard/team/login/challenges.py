"""Challenges for passkeys: in the signed session, young, for one purpose, and each answered at most once."""

from datetime import datetime, timedelta

from flask import session as cookie
from sqlmodel import Session

from dashboard.team.factors.passkeys import new_challenge
from dashboard.team.login import throttle

FIELD = "challenge"
ANSWERED_WITHIN = timedelta(minutes=9)  # shorter than the throttle's window, which remembers the answered ones
#: A page that is opened twice asks with the same challenge, so that both can be answered.
KEPT_FOR = timedelta(minutes=4)


def offer_challenge(purpose: str, now: datetime) -> str:
    challenge = _in_cookie(purpose, now, KEPT_FOR)
    if challenge is None:
        challenge = new_challenge()
        cookie[FIELD] = [purpose, now.timestamp(), challenge]
    return challenge


def spend_challenge(session: Session, purpose: str, now: datetime) -> str | None:
    """The one that was offered. The browser holds it, and could send it again: so the database knows it is answered."""
    challenge = _in_cookie(purpose, now, ANSWERED_WITHIN)
    cookie.pop(FIELD, None)
    return challenge if challenge and throttle.hit(session, "challenge", challenge, now) == 1 else None


def _in_cookie(purpose: str, now: datetime, at_most: timedelta) -> str | None:
    match cookie.get(FIELD):
        case [str(kept_for), float(at), str(challenge)] if kept_for == purpose:
            return challenge if 0 <= now.timestamp() - at <= at_most.total_seconds() else None
    return None
