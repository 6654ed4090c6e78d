"""Passes a new link's code to the link's page, which shows it once, by web/pages/handover.py."""

from uuid import UUID

from werkzeug.wrappers import Response as BaseResponse

from dashboard.crypto import KeyRing
from dashboard.web.pages import handover
from dashboard.web.pages.answers import see_other
from dashboard.web.pages.handover import forget_code

__all__ = ["forget_code", "hand_over", "handed_code"]


def hand_over(link_id: UUID, code: str, keyring: KeyRing) -> BaseResponse:
    """Redirects to the link's page and passes its code along."""
    return handover.hand_over(see_other("links.show", link_id=link_id), _identity(link_id), code, keyring)


def handed_code(link_id: UUID, keyring: KeyRing) -> str:
    return handover.handed_code(_identity(link_id), keyring)


def _identity(link_id: UUID) -> str:
    return f"link:{link_id}:code"
