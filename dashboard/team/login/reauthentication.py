"""Checks passwords, codes and passkeys. Each try is counted before it is checked; a right one forgives wrong ones.

A refusal reveals nothing by its words or its time. The views decide what follows from a proof.
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
    """The member with this address and password, and whether they have a second factor."""
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
    """Whether this is the password of a member who is signed in already."""
    throttle.count_try(member.email, address)
    if not passwords.verify_password(member.password_hash, password):
        _note_refusal(member, "password")
        return False
    throttle.forgive_tries(member.email, address)
    return True


def second_factor_of(member: Member, typed: str, address: str) -> str:
    """What the code was, in words: of an app, or for recovery. Empty if it was neither."""
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
    """The member whose passkey answered the challenge of this browser; None if it did not."""
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
    """Records a wrong password or code; the throttle limits how often.

    Unknown addresses are not recorded: what was typed there may be a password.
    """
    with transaction() as session:
        record(session, "member.sign_in_refused", f"member {member.id}", utc_now(), details={"wrong": what})


def _refresh_hash(session: Session, member: Member, password: str) -> None:
    """Hashes the right password again if its hash was made with earlier parameters."""
    if passwords.needs_rehash(member.password_hash):
        member = session.get_one(Member, member.id)
        member.password_hash = passwords.hash_password(password)
