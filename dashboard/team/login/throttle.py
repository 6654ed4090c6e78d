"""Limits guessing of passwords and codes without locking members out. The counts are in the database.

There are three counts: one account from one network, one account from everywhere, and one network on all accounts. The
narrowest is checked first, so guesses from one place use up ten tries of an account and no more. A browser or network
that the member has used before is not affected by other people's guesses. Passkeys are not counted: there is nothing to
guess.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, update
from sqlmodel import Session, col, select
from werkzeug.exceptions import TooManyRequests

from dashboard.audit.trail import record
from dashboard.context import reading, transaction
from dashboard.db import utc_now
from dashboard.team.login import known_browsers
from dashboard.web.security.networks import network_of
from dashboard.web.security.tries import Tries, add_tries, digest_of

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class GuessLimits:
    """How many tries are allowed in ten minutes, not counting right ones."""

    here: int  # one account from one network, or from one browser that is known
    account: int  # one account from all the networks that it does not know
    network: int  # one network on all accounts


class GuessKind(StrEnum):
    PASSWORD = "password"  # noqa: S105  # the name of what is guessed
    CODE = "code"  # of an authenticator app, or for recovery


LIMITS = {GuessKind.PASSWORD: GuessLimits(10, 50, 100), GuessKind.CODE: GuessLimits(5, 20, 100)}
TOO_MANY = {
    GuessKind.PASSWORD: "There were too many wrong passwords, so this one was not checked. Wait ten minutes.",
    GuessKind.CODE: "There were too many wrong codes, so this one was not checked. Wait ten minutes.",
}

#: The kind and the key of a count, and its limit.
Count = tuple[str, str, int]


def count_try(email: str, address: str, guessed: GuessKind = GuessKind.PASSWORD) -> None:
    """Counts a try before it is checked, so that many at once do not slip through. Raises TooManyRequests.

    Refused tries are not counted any further: a flood costs reads, not writes.
    """
    now = utc_now()
    with reading() as session:
        counts = _counts(session, email, address, guessed)
        is_refused = any(_count_now(session, count, now) > count[2] for count in counts)
    if not is_refused:
        with transaction() as session:
            is_refused = any(_refuses(session, count, now) for count in counts)
    if is_refused:
        raise TooManyRequests(TOO_MANY[guessed])


def forgive_tries(email: str, address: str, guessed: GuessKind = GuessKind.PASSWORD) -> None:
    """Forgives the wrong tries before a right one. The wide counts only give back the right one itself."""
    with transaction() as session:
        narrow, *wide = _counts(session, email, address, guessed)
        session.connection().execute(delete(Tries).where(_is(session, narrow)))
        for count in wide:
            session.connection().execute(
                update(Tries).where(_is(session, count), col(Tries.count) > 0).values(count=col(Tries.count) - 1)
            )


def count_hit(session: Session, kind: str, key: str, now: datetime) -> int:
    """Counts one more try, and returns how many there are now."""
    return add_tries(session, kind, key, now, WINDOW)[0]


def _counts(session: Session, email: str, address: str, guessed: GuessKind) -> list[Count]:
    """The counts that apply, the narrowest first."""
    limits, network = LIMITS[guessed], network_of(address)
    here = f"{email} {network}"
    browser_id = known_browsers.browser_known_for(session, email)
    if browser_id:
        return [(f"{guessed} browser", f"{email} {browser_id}", limits.here)]
    if known_browsers.has_signed_in_from(session, email, network):
        return [(f"{guessed} known", here, limits.here)]
    return [
        (f"{guessed} here", here, limits.here),
        (f"{guessed} account", email, limits.account),
        (f"{guessed} network", network, limits.network),
    ]


def _count_now(session: Session, count: Count, now: datetime) -> int:
    found = session.exec(select(Tries).where(_is(session, count))).first()
    return found.count if found and found.began_at > now - WINDOW else 0


def _refuses(session: Session, count: Count, now: datetime) -> bool:
    kind, key, most = count
    made = count_hit(session, kind, key, now)
    if made == most + 1:
        record(session, "guessing.slowed_down", kind, now, details={"tries": str(most)})
    return made > most


def _is(session: Session, count: Count) -> ColumnElement[bool]:
    kind, key, _ = count
    return and_(col(Tries.kind) == kind, col(Tries.key_digest) == digest_of(session, key))
