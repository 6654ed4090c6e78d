"""The pinned views in the navigation of every page, each with how many rows it finds."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_login import current_user

from dashboard.db import once_per_change
from dashboard.feature import LivePart
from dashboard.saved_views.reading import read_view, views_by_id
from dashboard.saved_views.saving import pinned_ids
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.reading import shown_count
from dashboard.web.pages.locales import formats_here


@dataclass(frozen=True)
class PinnedView:
    """`count` in words; empty where the view can no longer be read."""

    id: UUID
    name: str
    count: str


def pinned_views(scope: Scope) -> list[PinnedView]:
    """Counted once for all readers until the data changes. Names and texts that were typed are not kept."""
    ids = pinned_ids() if current_user.is_authenticated else []
    found = {str(view.id): view for view in views_by_id(scope.session, [UUID(each) for each in ids])} if ids else {}
    pinned = []
    for view in (found[each] for each in ids if each in found):
        filters = read_view(scope.session, view).filters
        key = ("view", scope.environment, str(scope.zone), view.id, view.changed_at)
        pinned.append(PinnedView(view.id, view.name, _count(scope, key, filters) if filters else ""))
    return pinned


def _count(scope: Scope, key: Hashable, filters: ListFilter[Any]) -> str:
    total, is_exact = once_per_change(scope.session, key, lambda: shown_count(scope, filters.rows(scope)))
    return f"{formats_here().number(total)}{'' if is_exact else '+'}"


PART = LivePart("saved_views/_pinned.html", pinned_views)
