"""Passkeys (WebAuthn): registering and verifying them.

The device asks for a fingerprint, a face or its PIN (user verification), so a passkey is two factors in one and signs
in by itself.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import delete, update
from sqlmodel import Session, col, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dashboard.config import Settings
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.team.factors.models import Passkey
from dashboard.team.models import Member

SITE_NAME = "Partner Desk"
CHALLENGE_BYTES = 32
MOST_PASSKEYS = 20
MAX_NAME_LENGTH = 60
#: Real answers have about 2 KB.
MAX_CREDENTIAL_LENGTH = 20_000
#: The library raises WebAuthnException for wrong answers, and the others for malformed ones.
MALFORMED = (WebAuthnException, ValueError, LookupError, TypeError, RecursionError)
NOT_ACCEPTED = "This passkey was not accepted. Try again, or sign in another way."


def host_of(settings: Settings) -> str:
    """The host name that passkeys are bound to; empty where browsers offer none."""
    host = urlsplit(settings.public_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host if settings.is_https or host == "localhost" else ""
    return ""


def new_challenge() -> str:
    return bytes_to_base64url(secrets.token_bytes(CHALLENGE_BYTES))


def registration_options(settings: Settings, member: Member, challenge: str, present: Sequence[Passkey]) -> str:
    """Options for making a passkey, as JSON. One device gets one passkey of a member."""
    return options_to_json(
        webauthn.generate_registration_options(
            rp_id=host_of(settings),
            rp_name=SITE_NAME,
            user_id=member.id.bytes,
            user_name=member.email,
            user_display_name=member.name,
            challenge=base64url_to_bytes(challenge),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in present
            ],
        )
    )


def sign_in_options(settings: Settings, challenge: str) -> str:
    """Options for signing in. They name no passkey, so nobody learns which members exist."""
    return options_to_json(
        webauthn.generate_authentication_options(
            rp_id=host_of(settings),
            challenge=base64url_to_bytes(challenge),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def register(
    session: Session, settings: Settings, member_id: UUID, name: str, credential: str, challenge: str, now: datetime
) -> Passkey:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise Invalid({"name": f"Type a name of {MAX_NAME_LENGTH} characters or fewer, such as Work laptop."})
    if len(list_passkeys(session, member_id)) >= MOST_PASSKEYS:
        raise Conflict(f"You have {MOST_PASSKEYS} passkeys, which is the limit. Remove one first.")
    try:
        made = webauthn.verify_registration_response(
            credential=credential[:MAX_CREDENTIAL_LENGTH],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host_of(settings),
            expected_origin=settings.public_url,
            require_user_verification=True,
        )
    except MALFORMED:
        raise Invalid({"credential": "The passkey could not be added. Try again."}) from None
    credential_id = bytes_to_base64url(made.credential_id)
    if _find(session, credential_id):
        raise Conflict("This passkey was already added.")
    passkey = Passkey(
        member_id=member_id,
        name=name,
        credential_id=credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        created_at=now,
    )
    session.add(passkey)
    return passkey


def verify(session: Session, settings: Settings, credential: str, challenge: str, now: datetime) -> Passkey | None:
    """The passkey that signed the challenge; None if anything is wrong.

    A counter that went backwards means a copy. The counter advances by one guarded UPDATE, so that of two answers with
    the same count one is refused.
    """
    try:
        answer = webauthn.helpers.parse_authentication_credential_json(credential[:MAX_CREDENTIAL_LENGTH])
        passkey = _find(session, answer.id)
        if passkey is None or answer.response.user_handle != passkey.member_id.bytes:
            return None
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host_of(settings),
            expected_origin=settings.public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except MALFORMED:
        return None
    moved = session.connection().execute(
        update(Passkey)
        .where(col(Passkey.id) == passkey.id, col(Passkey.sign_count) == passkey.sign_count)
        .values(sign_count=verified.new_sign_count, last_used_at=now)
    )
    return passkey if moved.rowcount else None


def list_passkeys(session: Session, member_id: UUID) -> Sequence[Passkey]:
    return session.exec(select(Passkey).where(col(Passkey.member_id) == member_id).order_by(col(Passkey.id))).all()


def remove_passkey(session: Session, member_id: UUID, passkey_id: UUID) -> Passkey:
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.member_id != member_id:
        raise NotFound
    session.delete(passkey)
    return passkey


def remove_passkeys(session: Session, member_id: UUID) -> None:
    session.connection().execute(delete(Passkey).where(col(Passkey.member_id) == member_id))


def _find(session: Session, credential_id: str) -> Passkey | None:
    return session.exec(select(Passkey).where(col(Passkey.credential_id) == credential_id)).first()
