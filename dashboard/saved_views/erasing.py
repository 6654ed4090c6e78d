"""Removes saved views that search for somebody who is erased."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.saved_views.models import SavedView, typed_associated_data
from dashboard.smile.typed import fold


def forget_views_of(session: Session, names: Collection[str]) -> None:
    """Removes the views whose text is one of these ids or references, however it is written.

    A beginning that many share, such as "cust-", tells of nobody and stays.
    """
    erased = {fold(name) for name in names}
    typed = select(SavedView).where(col(SavedView.typed_sealed).is_not(None)).order_by(col(SavedView.id))
    for view in session.exec(typed).all():
        if any(fold(text) in erased for text in _texts(session, view.id, view.typed_sealed)):
            session.delete(view)


def _texts(session: Session, view_id: UUID, sealed: bytes | None) -> list[str]:
    opened = keyring_of(session).open_json_or_none(sealed or b"", typed_associated_data(view_id))
    return [str(text) for text in (opened or {}).values()]
