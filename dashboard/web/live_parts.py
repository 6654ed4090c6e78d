"""The live parts of the header: read once for each request, in its own transaction or in that of the list it shows."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g
from flask_login import current_user

from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.web.lists.fields import Scope
from dashboard.web.pages.answers import LIVE_PARTS
from dashboard.web.pages.locales import formats_here


def show_live_parts(app: Flask) -> None:
    app.add_template_global(live_parts_here)


def live_parts(scope: Scope) -> Mapping[str, Any]:
    """What each part shows, by its template. A poll that reads them sends them too."""
    if LIVE_PARTS not in g:
        parts = current().features.live_parts
        setattr(g, LIVE_PARTS, {part.template: part.read(scope) for part in parts})
    found: Mapping[str, Any] = getattr(g, LIVE_PARTS)
    return found


def live_parts_here() -> Mapping[str, Any]:
    """The same for any page. Nobody who is signed out sees them."""
    if LIVE_PARTS in g or not current_user.is_authenticated:
        found: Mapping[str, Any] = g.get(LIVE_PARTS, {})
        return found
    with reading(shares=True) as session:
        return live_parts(Scope(session, current().settings.environment, utc_now(), formats_here().zone))
