"""Recovery codes: ten one-time codes `XXXX-XXXX-XXXX`, shown once, without characters that look alike."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from dashboard.team.factors import passwords
from dashboard.team.factors.models import RecoveryCode

COUNT = 10
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
#: The first group only finds the row. The other two are the secret: 39 bits, against five tries.
GROUP = 4


def make_codes(member_id: UUID) -> tuple[list[str], list[RecoveryCode]]:
    """The codes to show and the rows to store. Hashing ten takes a second, so call it outside a transaction."""
    selectors: set[str] = set()
    while len(selectors) < COUNT:
        selectors.add(_group())
    secret_parts = {selector: _group() + _group() for selector in sorted(selectors)}
    rows = [
        RecoveryCode(member_id=member_id, selector=selector, code_hash=passwords.hash_password(secret))
        for selector, secret in secret_parts.items()
    ]
    return [f"{selector}-{secret[:GROUP]}-{secret[GROUP:]}" for selector, secret in secret_parts.items()], rows


def replace_codes(session: Session, member_id: UUID, rows: Sequence[RecoveryCode]) -> None:
    remove_codes(session, member_id)
    session.add_all(rows)


def remove_codes(session: Session, member_id: UUID) -> None:
    session.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.member_id) == member_id))


def matching_code(session: Session, member_id: UUID, typed: str) -> RecoveryCode | None:
    """The unused code that was typed, if any. `spend_code` spends it in a transaction without hashing."""
    bare = "".join(sign for sign in typed.upper() if sign.isalnum())
    selector, secret = bare[:GROUP], bare[GROUP:]
    found = session.exec(
        select(RecoveryCode).where(
            col(RecoveryCode.member_id) == member_id,
            col(RecoveryCode.selector) == selector,
            col(RecoveryCode.used_at).is_(None),
        )
    ).first()
    if found is None:
        passwords.verify_dummy(secret)
        return None
    return found if passwords.verify_password(found.code_hash, secret) else None


def spend_code(session: Session, code: RecoveryCode, now: datetime) -> bool:
    """Spends the code. Returns whether it was still unused: of any number of tries at once, one wins."""
    spent = session.connection().execute(
        update(RecoveryCode)
        .where(col(RecoveryCode.id) == code.id, col(RecoveryCode.used_at).is_(None))
        .values(used_at=now)
    )
    return bool(spent.rowcount)


def count_left(session: Session, member_id: UUID) -> int:
    return session.exec(
        select(func.count()).where(col(RecoveryCode.member_id) == member_id, col(RecoveryCode.used_at).is_(None))
    ).one()


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP))
