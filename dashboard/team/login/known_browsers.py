"""Recognises browsers and networks that a member has used before, to count their tries apart.

A browser is known by a signed cookie, which signs nobody in: a thief of it gets ten guesses of their own, no more.
"""

import secrets
from datetime import timedelta
from typing import Any

from flask import current_app, has_request_context
from itsdangerous import BadSignature
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response

from dashboard.crypto import KeyRing
from dashboard.db import keyring_of, utc_now
from dashboard.team.models import Member, SignIn
from dashboard.web.security.cookies import read_cookie, set_cookie
from dashboard.web.security.networks import network_of
from dashboard.web.security.signing import Serializer

COOKIE = "browser"
KNOWN_FOR_SECONDS = 400 * 24 * 3600  # browsers keep no cookie longer
MOST_MEMBERS = 5
NETWORK_KNOWN_FOR = timedelta(days=90)
MOST_ADDRESSES = 500
#: Characters of a keyed digest: enough to tell a team's addresses apart.
DIGEST_LENGTH = 24


def browser_known_for(session: Session, email: str) -> str:
    """The id of this browser if the member with that address has signed in with it before; else empty."""
    known = _read()
    digests = {digest[:DIGEST_LENGTH] for digest in keyring_of(session).digests_for_search(email)}
    return str(known["browser"]) if digests & set(known["members"]) else ""


def has_signed_in_from(session: Session, email: str, network: str) -> bool:
    """Whether the member completed a sign-in from this network in the last months."""
    addresses = session.exec(
        select(SignIn.from_address)
        .join(Member, col(Member.id) == SignIn.member_id)
        .where(col(Member.email) == email, col(SignIn.created_at) > utc_now() - NETWORK_KNOWN_FOR)
        .distinct()
        .limit(MOST_ADDRESSES)
    ).all()
    return network in {network_of(address) for address in addresses}


def make_known(answer: Response, email: str, keyring: KeyRing) -> None:
    known = _read()
    digest = keyring.digest_for_search(email)[:DIGEST_LENGTH]
    others = [other for other in known["members"] if other != digest]
    value = _serializer().dumps({"browser": known["browser"], "members": [digest, *others][:MOST_MEMBERS]})
    set_cookie(answer, COOKIE, str(value), KNOWN_FOR_SECONDS)


def _read() -> dict[str, Any]:
    nothing: dict[str, Any] = {"browser": secrets.token_urlsafe(9), "members": []}
    if not has_request_context():
        return nothing
    try:
        return dict(_serializer().loads(read_cookie(COOKIE), max_age=KNOWN_FOR_SECONDS))
    except BadSignature:
        return nothing


def _serializer() -> Serializer:
    secret = current_app.secret_key
    assert isinstance(secret, str)
    return Serializer(secret, "a browser that is known")
