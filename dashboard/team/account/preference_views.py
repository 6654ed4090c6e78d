"""Views for page preferences: the columns of a list, and whether "/" leads to the search.

They concern nobody else, so they are not in the audit trail.
"""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.team.account.preferences import set_preference
from dashboard.team.blueprint import blueprint
from dashboard.team.login.forms import local_path
from dashboard.web.access import sign_in_required
from dashboard.web.lists.filters import COLUMNS, VIEW, Column, ListFilter, list_of
from dashboard.web.pages.answers import see_other
from dashboard.web.security.form_keys import form_transaction


@blueprint.post("/account/lists/<purpose>/columns")
@sign_in_required
def choose_columns(purpose: str) -> ResponseReturnValue:
    """Stores the columns in their order and returns to the list, whose filters are in the address of the form."""
    filters, ticked = list_of(purpose), request.form.getlist("column")
    query = urlencode([(name, value) for name, value in request.args.items(multi=True) if name not in (COLUMNS, VIEW)])
    chosen = [each.name for each in _in_order(filters) if each.is_fixed or each.name in ticked]
    page = url_for(filters.endpoint)
    with form_transaction(page) as session:
        is_usual = "usual" in request.form
        set_preference(session, current_user.id, filters.columns_preference(), None if is_usual else chosen)
    return redirect(local_path(f"{page}?{query}" if query else page) or page, 303)


def _in_order(filters: type[ListFilter[Any]]) -> list[Column]:
    """The columns by the places in the form. Of two with the same place, the one that was moved there is first."""
    before = [*filters.shown_columns(), *(each.name for each in filters.columns)]
    usual = {each.name: place for place, each in enumerate(filters.columns)}

    def place(column: Column) -> tuple[int, bool, int]:
        at = before.index(column.name) + 1
        typed = request.form.get(f"place-{column.name}", type=int)
        return (at if typed is None else typed, typed in (None, at), usual[column.name])

    return sorted(filters.columns, key=place)


@blueprint.post("/account/keyboard")
@sign_in_required
def choose_keys() -> ResponseReturnValue:
    is_on = "slash_focuses_search" in request.form
    with form_transaction(url_for("team.account")) as session:
        set_preference(session, current_user.id, "slash_focuses_search", None if is_on else False)
    return see_other("team.account", f"Saved. The key / {'leads to' if is_on else 'no longer leads to'} the search.")
