"""Verbs of saved views: save, rename, share, remove, pin. Each change but a name and a pin is in the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_login import current_user
from sqlmodel import Session, col, func, select

from dashboard.audit.trail import record
from dashboard.db import keyring_of
from dashboard.errors import Invalid
from dashboard.saved_views.models import SavedView, typed_associated_data
from dashboard.team.account.preferences import set_preference
from dashboard.web.lists.fields import FieldKind
from dashboard.web.lists.filters import ListFilter
from dashboard.web.pages.preferences import preference

LONGEST_NAME = 60
MOST_VIEWS, MOST_PINNED = 100, 8
PINNED = "pinned views"
OF_ONE_PERSON = "A search by the number of one person cannot be kept as a view. Remove it first."


def save_view(
    session: Session,
    filters: ListFilter[Any],
    columns: Sequence[str],
    name: str,
    now: datetime,
    *,
    is_shared: bool = False,
    is_pinned: bool = False,
) -> SavedView:
    """Saves what a list shows. What was typed is sealed; a number's digest, which a new key changes, is refused."""
    if problem := problem_with(filters):
        raise Invalid({"name": problem})
    own = select(func.count()).select_from(SavedView).where(col(SavedView.member_id) == current_user.id)
    if session.exec(own).one() >= MOST_VIEWS:
        raise Invalid({"name": f"You have {MOST_VIEWS} views. Remove one first."})
    declared = filters.declared()
    typed = {name: value for name, value in filters.in_clear.items() if declared[name].may_be_personal}
    view = SavedView(
        member_id=current_user.id,
        list_name=filters.purpose,
        name=_free_name(session, name),
        is_shared=is_shared,
        filters={name: value for name, value in filters.in_clear.items() if name not in typed},
        is_oldest_first=filters.is_oldest_first,
        columns=list(columns),
        created_at=now,
        changed_at=now,
    )
    if typed:
        view.typed_sealed = keyring_of(session).seal_json(typed, typed_associated_data(view.id))
    if is_pinned:
        pin_view(session, view, is_pinned=True)
    session.add(view)
    session.flush()
    details = {"list": filters.purpose, "shared": "yes" if is_shared else "no"} | filters.described
    record(session, "view.saved", f"view {view.id}", now, details=details)
    return view


def problem_with(filters: ListFilter[Any]) -> str:
    """Why this filter cannot be kept; empty if it can."""
    if filters.is_unreadable:
        return "The search in this address can no longer be read, so it cannot be kept."
    is_of_person = any(filters.declared()[name].kind == FieldKind.DIGEST for name in filters.in_clear)
    return OF_ONE_PERSON if is_of_person else ""


def rename_view(session: Session, view: SavedView, name: str, now: datetime) -> None:
    if name.strip() != view.name:
        view.name, view.changed_at = _free_name(session, name), now


def share_view(session: Session, view: SavedView, now: datetime, *, is_shared: bool) -> None:
    if view.is_shared != is_shared:
        view.is_shared, view.changed_at = is_shared, now
        session.flush()
        record(session, "view.shared" if is_shared else "view.unshared", f"view {view.id}", now)


def remove_view(session: Session, view: SavedView, now: datetime) -> None:
    session.delete(view)
    session.flush()
    record(session, "view.removed", f"view {view.id}", now, details={"list": view.list_name})


def pinned_ids() -> list[str]:
    """The ids of the views that the signed-in member has in the navigation, in order. Some may be gone."""
    return preference(PINNED, [])


def pin_view(session: Session, view: SavedView, *, is_pinned: bool) -> None:
    others = [each for each in pinned_ids() if each != str(view.id)]
    if is_pinned and len(others) >= MOST_PINNED:
        raise Invalid({"pinned": f"At most {MOST_PINNED} views fit into the navigation. Take one out first."})
    set_preference(session, current_user.id, PINNED, [*others, *([str(view.id)] if is_pinned else [])])


def _free_name(session: Session, typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid({"name": f"Enter 1 to {LONGEST_NAME} characters."})
    same = select(SavedView.id).where(SavedView.member_id == current_user.id, SavedView.name == name).limit(1)
    if session.exec(same).first() is not None:
        raise Invalid({"name": "You have a view of this name. Choose another."})
    return name
