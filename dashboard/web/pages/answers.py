"""Answers that every slice uses: a page or its partial, a redirect after a write, JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_htmx import HTMX
from werkzeug.wrappers import Response as BaseResponse

htmx = HTMX()

#: The category of a message that says that nothing was done: an action came too late, or changed nothing.
CAUTION = "caution"
#: Where a request keeps what the live parts of the header show, once a poll has read it.
LIVE_PARTS = "live_parts"
#: What htmx gets when nothing changed: it swaps nothing and goes on polling.
NOTHING_NEW = ("", 204)


def wants_partial() -> bool:
    """Whether htmx asks for a part. Boosted links and restored history entries want the whole page."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page_or_partial(page: str, partial: str, /, **context: Any) -> str:
    if not wants_partial():
        return render_template(page, **context)
    again = render_template("layouts/_live_parts.html", is_again=True) if LIVE_PARTS in g else ""
    return render_template(partial, **context) + again


def see_other(endpoint: str, message: str = "", **values: Any) -> BaseResponse:
    """Redirects after a write, with 303 so that a reload does not send the form again."""
    if message:
        flash(message)
    return redirect(url_for(endpoint, **values), 303)


def json_list(items: Sequence[dict[str, Any]], next_page: str | None, count: int, count_is_exact: bool) -> Response:
    return jsonify(items=items, next=next_page, count=count, count_is_exact=count_is_exact)


def json_time(moment: datetime | None) -> str | None:
    """A time in the format of all JSON and CSV files, such as 2026-01-15T09:30:00.123456Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def seen_version() -> int | None:
    """The version that the page already shows, from its `seen` parameter."""
    return request.args.get("seen", type=int)
