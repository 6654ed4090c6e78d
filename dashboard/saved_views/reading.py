"""Finds saved views, and reads one as the filter of its list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from flask_login import current_user
from sqlmodel import Session, col, or_, select

from dashboard.db import keyring_of
from dashboard.errors import NotFound
from dashboard.saved_views.models import SavedView, typed_associated_data
from dashboard.team.models import Member
from dashboard.web.access import may_open
from dashboard.web.lists.filters import COLUMNS, VIEW, ListFilter, list_of

MOST_SHOWN = 200


@dataclass(frozen=True)
class ReadView:
    """A view with its filter, or with the sentence that says why it can no longer be read."""

    view: SavedView
    filters: ListFilter[Any] | None
    problem: str = ""

    @property
    def list_label(self) -> str:
        return self.filters.nouns[1] if self.filters else self.view.list_name

    @property
    def in_words(self) -> str:
        return (self.filters.in_words or "Everything") if self.filters else self.problem

    @property
    def address(self) -> str:
        """The list with this view's filter, order and columns. Text that was typed is sealed in it."""
        assert self.filters
        shown: dict[str, Any] = {COLUMNS: ",".join(self.view.columns) or None, VIEW: self.view.id}
        return url_for(self.filters.endpoint, **(self.filters.asked | shown))


def may_read(list_name: str) -> bool:
    """Whether the signed-in member may open the list. A list that is gone hides nothing."""
    try:
        return may_open(list_of(list_name).endpoint)
    except NotFound:
        return True


def find_view(session: Session, view_id: UUID, *, is_own: bool = False) -> SavedView:
    """A view that the signed-in member sees; with `is_own`, only their own."""
    view = session.get(SavedView, view_id)
    is_theirs = view is not None and view.member_id == current_user.id
    if view is None or not (is_theirs or (view.is_shared and not is_own)) or not may_read(view.list_name):
        raise NotFound("There is no such view.")
    return view


def all_views(session: Session) -> list[tuple[SavedView, str]]:
    """The views that the signed-in member sees, by name, each with the name of the member who saved it."""
    seen = or_(col(SavedView.member_id) == current_user.id, col(SavedView.is_shared))
    found = select(SavedView, Member.name).join(Member, col(Member.id) == SavedView.member_id).where(seen)
    rows = session.exec(found.order_by(col(SavedView.id).desc()).limit(MOST_SHOWN)).all()
    return sorted(((view, who) for view, who in rows if may_read(view.list_name)), key=lambda row: row[0].name.lower())


def views_by_id(session: Session, ids: Collection[UUID]) -> Sequence[SavedView]:
    """Those of these views that the signed-in member still sees."""
    seen = or_(col(SavedView.member_id) == current_user.id, col(SavedView.is_shared))
    found = session.exec(select(SavedView).where(col(SavedView.id).in_(ids), seen)).all()
    return [view for view in found if may_read(view.list_name)]


def read_view(session: Session, view: SavedView) -> ReadView:
    """The view as a filter. One that cannot be read has none, so that it never shows everything."""
    try:
        kind = list_of(view.list_name)
    except NotFound:
        return ReadView(view, None, "Its list no longer exists.")
    values: dict[str, Any] = dict(view.filters)
    if view.typed_sealed is not None:
        typed = keyring_of(session).open_json_or_none(view.typed_sealed, typed_associated_data(view.id))
        if typed is None:
            return ReadView(view, None, "Its search cannot be opened: the encryption key is missing.")
        values |= typed
    if gone := sorted(values.keys() - kind.declared().keys()):
        return ReadView(view, None, f"It filters by {' and '.join(gone)}, which this list no longer knows.")
    filters = kind(**values, is_oldest_first=view.is_oldest_first)
    for name, said in filters.unknown.items():
        return ReadView(view, None, f"{kind.declared()[name].label}: {said}.")
    return ReadView(view, filters)
