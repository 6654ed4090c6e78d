"""Passes new recovery codes to the page that shows them once, sealed in the session.

The page is reached by a redirect, so that a reload makes no new codes. No address and no table holds them.
"""

from uuid import UUID

from flask import session as cookie

from dashboard.crypto import KeyRing, UnreadableValue

FIELD = "new_codes"


def show_codes_next(codes: list[str], member_id: UUID, keyring: KeyRing) -> None:
    cookie[FIELD] = keyring.seal_json(codes, _associated_data(member_id))


def codes_to_show(member_id: UUID, keyring: KeyRing) -> list[str]:
    """The codes, which are then removed from the session."""
    try:
        return list(keyring.open_json(cookie.pop(FIELD, b""), _associated_data(member_id)))
    except UnreadableValue:
        return []


def _associated_data(member_id: UUID) -> str:
    return f"member:{member_id}:codes to show"
