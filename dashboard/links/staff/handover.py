"""Passes a new link's code to the link's page, which shows it once, by web/pages/handover.py."""

from uuid import UUID

from werkzeug.wrappers import Response as BaseResponse

from dashboard.crypto import KeyRing
from dashboard.web.pages import handover
from dashboard.web.pages.answers import see_other
from dashboard.web.pages.handover import forget_code

__all__ = ["code_to_show", "forget_code", "show_code_next"]


def show_code_next(link_id: UUID, code: str, keyring: KeyRing) -> BaseResponse:
    """Redirects to the link's page and passes its code along."""
    return handover.show_code_next(see_other("links.show", link_id=link_id), _associated_data(link_id), code, keyring)


def code_to_show(link_id: UUID, keyring: KeyRing) -> str:
    return handover.code_to_show(_associated_data(link_id), keyring)


def _associated_data(link_id: UUID) -> str:
    return f"link:{link_id}:code"
