"""Challenges for passkeys, in the signed session: short-lived, for one purpose, and answered at most once."""

from datetime import datetime, timedelta

from flask import session as cookie
from sqlmodel import Session

from dashboard.team.factors.passkeys import new_challenge
from dashboard.team.login import throttle

FIELD = "challenge"
ANSWERED_WITHIN = timedelta(minutes=9)  # shorter than the throttle's window, which remembers the answered ones
#: A page that is opened twice uses the same challenge, so that both can be answered.
KEPT_FOR = timedelta(minutes=4)


def offer_challenge(purpose: str, now: datetime) -> str:
    challenge = _in_cookie(purpose, now, KEPT_FOR)
    if challenge is None:
        challenge = new_challenge()
        cookie[FIELD] = [purpose, now.timestamp(), challenge]
    return challenge


def spend_challenge(session: Session, purpose: str, now: datetime) -> str | None:
    """The offered challenge, if it is still unanswered.

    The browser could send its cookie again, so the database notes what was answered.
    """
    challenge = _in_cookie(purpose, now, ANSWERED_WITHIN)
    cookie.pop(FIELD, None)
    return challenge if challenge and throttle.count_hit(session, "challenge", challenge, now) == 1 else None


def _in_cookie(purpose: str, now: datetime, at_most: timedelta) -> str | None:
    match cookie.get(FIELD):
        case [str(kept_for), float(at), str(challenge)] if kept_for == purpose:
            return challenge if 0 <= now.timestamp() - at <= at_most.total_seconds() else None
    return None
