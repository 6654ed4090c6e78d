"""Proving who one is: each proof is counted before it is looked at, and a right one forgives the wrong ones before it.

Whoever is refused learns nothing from the words or the time. What follows from a proof is the views' business.
"""

from datetime import datetime

from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.team import queries
from dashboard.team.factors import passkeys, passwords, recovery_codes, totp
from dashboard.team.factors.second_factors import factors_of
from dashboard.team.login import throttle
from dashboard.team.login.challenges import spend_challenge
from dashboard.team.login.throttle import GuessKind
from dashboard.team.models import Member

SIGN_IN = "sign in"
CONFIRMATION = "confirmation"
APP_CODE_LENGTH = 6


def member_with(email: str, password: str, address: str) -> tuple[Member | None, bool]:
    """The member of that address and password, and whether a second factor is asked of them."""
    throttle.count_try(email, address)
    with reading() as session:
        member = queries.find_member_by_email(session, email)
        has_second_factor = bool(member and factors_of(session, member.id).is_set)
    if member is None:
        passwords.verify_dummy(password)
        return None, False
    is_right = passwords.verify_password(member.password_hash, password)
    if not is_right or member.disabled_at:
        _note_refusal(member, "password")
        return None, False
    throttle.forgive_tries(email, address)
    if passwords.needs_rehash(member.password_hash):
        with transaction() as session:
            _refresh_hash(session, member, password)
            member = session.get_one(Member, member.id)
    return member, has_second_factor


def is_password_of(member: Member, password: str, address: str) -> bool:
    """For somebody who is signed in already."""
    throttle.count_try(member.email, address)
    if not passwords.verify_password(member.password_hash, password):
        _note_refusal(member, "password")
        return False
    throttle.forgive_tries(member.email, address)
    return True


def second_factor_of(member: Member, typed: str, address: str) -> str:
    """What the code was, in words: of an app, or for recovery. Empty when it was neither."""
    throttle.count_try(member.email, address, GuessKind.CODE)
    now = utc_now()
    proved = "app code" if _claims_app_code(member, typed, now) else ""
    if not proved and not _looks_like_app_code(typed):
        proved = "recovery code" if _spends_recovery_code(member, typed, now) else ""
    if not proved:
        _note_refusal(member, "code")
        return ""
    throttle.forgive_tries(member.email, address, GuessKind.CODE)
    return proved


def member_with_passkey(credential: str, purpose: str) -> Member | None:
    """The member whose passkey answered the challenge that this browser was given."""
    now, settings = utc_now(), current().settings
    assert isinstance(settings, Settings)
    with transaction() as session:
        challenge = spend_challenge(session, purpose, now)
        passkey = passkeys.verify(session, settings, credential, challenge, now) if challenge else None
        member = session.get(Member, passkey.member_id) if passkey else None
    return member if member and member.disabled_at is None else None


def _looks_like_app_code(typed: str) -> bool:
    digits = "".join(typed.split())
    return digits.isdecimal() and len(digits) <= APP_CODE_LENGTH


def _claims_app_code(member: Member, typed: str, now: datetime) -> bool:
    with transaction() as session:
        return totp.claim_code(session, member.id, typed, now)


def _spends_recovery_code(member: Member, typed: str, now: datetime) -> bool:
    with reading() as session:
        code = recovery_codes.matching_code(session, member.id, typed)
    if code is None:
        return False
    with transaction() as session:
        is_spent = recovery_codes.spend_code(session, code, now)
        if is_spent:
            left = str(recovery_codes.count_left(session, member.id))
            record(session, "recovery_code.used", f"member {member.id}", now, who=member.email, details={"left": left})
    return is_spent


def _note_refusal(member: Member, what: str) -> None:
    """How often is bounded by the throttle. What somebody typed as an unknown address may be a password: not kept."""
    with transaction() as session:
        record(session, "member.sign_in_refused", f"member {member.id}", utc_now(), details={"wrong": what})


def _refresh_hash(session: Session, member: Member, password: str) -> None:
    """At a sign-in with the right password: brings a hash of earlier parameters up to today's."""
    if passwords.needs_rehash(member.password_hash):
        member = session.get_one(Member, member.id)
        member.password_hash = passwords.hash_password(password)
