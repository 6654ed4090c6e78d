"""The pages of saved views: all of them, the form that saves one, and what can be done with one.

Any member keeps views of the lists that they may open; only who has the permission shares them.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.context import reading
from dashboard.db import utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.saved_views.reading import all_views, find_view, may_read, read_view
from dashboard.saved_views.saving import (
    pin_view,
    pinned_ids,
    problem_with,
    remove_view,
    rename_view,
    save_view,
    share_view,
)
from dashboard.web.access import permission_required, sign_in_required
from dashboard.web.lists.filters import COLUMNS, ListFilter, list_of
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.security.form_keys import form_transaction, note_result_page

#: The query parameter that names the list.
LIST = "list"

blueprint = Blueprint("saved_views", __name__)


@blueprint.get("/views")
@sign_in_required
def index() -> ResponseReturnValue:
    return _index()


@blueprint.get("/views.json")
@sign_in_required
def index_json() -> ResponseReturnValue:
    with reading() as session:
        found = [(read_view(session, view), who) for view, who in all_views(session)]
    items = [
        {
            "id": str(each.view.id),
            "name": each.view.name,
            "list": each.view.list_name,
            "filters": each.filters.described if each.filters else None,
            "problem": each.problem or None,
            "is_shared": each.view.is_shared,
            "created_by": who,
            "created_at": json_time(each.view.created_at),
        }
        for each, who in found
    ]
    return {"items": items, "next": None, "count": len(items), "count_is_exact": True}


@blueprint.get("/views/new")
@sign_in_required
def new() -> ResponseReturnValue:
    return _form(FormState({"pinned": "yes"})) if LIST in request.args else _ask_for_list()


@blueprint.post("/views")
@sign_in_required
def create() -> ResponseReturnValue:
    if LIST not in request.args:
        return _ask_for_list()
    filters, name = _filters_in_address(), request.form.get("name", "")
    is_shared = "shared" in request.form and current_user.may("views.share")
    try:
        with form_transaction(url_for("saved_views.index")) as session:
            columns, is_pinned = _columns_in_address(filters), "pinned" in request.form
            view = save_view(session, filters, columns, name, utc_now(), is_shared=is_shared, is_pinned=is_pinned)
            note_result_page(session, url_for("saved_views.show", view_id=view.id))
    except Invalid as error:
        return _form(FormState(request.form, {"name": next(iter(error.fields.values()))})), 422
    return see_other("saved_views.show", "Saved.", view_id=view.id)


@blueprint.get("/views/<uuid:view_id>")
@sign_in_required
def show(view_id: UUID) -> ResponseReturnValue:
    """Leads to the list. A view that can no longer be read says so, and shows nothing."""
    with reading() as session:
        found = read_view(session, find_view(session, view_id))
        if found.problem:
            return render_template("saved_views/unreadable.html", found=found, is_own=_is_own(found.view))
        return redirect(found.address, 303)


@blueprint.post("/views/<uuid:view_id>/name")
@sign_in_required
def rename(view_id: UUID) -> ResponseReturnValue:
    try:
        with form_transaction(url_for("saved_views.index")) as session:
            view = find_view(session, view_id, is_own=True)
            rename_view(session, view, request.form.get("name", ""), utc_now())
    except Invalid as error:
        return _index(error.fields["name"]), 422
    return see_other("saved_views.index", "Renamed.")


@blueprint.post("/views/<uuid:view_id>/pin")
@sign_in_required
def pin(view_id: UUID) -> ResponseReturnValue:
    is_pinned = "pinned" in request.form
    try:
        with form_transaction(url_for("saved_views.index")) as session:
            pin_view(session, find_view(session, view_id), is_pinned=is_pinned)
    except Invalid as error:
        return _index(error.fields["pinned"]), 422
    return see_other("saved_views.index", "In the navigation." if is_pinned else "No longer in the navigation.")


@blueprint.post("/views/<uuid:view_id>/sharing")
@permission_required("views.share")
def share(view_id: UUID) -> ResponseReturnValue:
    is_shared = "shared" in request.form
    with form_transaction(url_for("saved_views.index")) as session:
        share_view(session, find_view(session, view_id, is_own=True), utc_now(), is_shared=is_shared)
    return see_other("saved_views.index", "Shared with the team." if is_shared else "Only you see it now.")


@blueprint.post("/views/<uuid:view_id>/removal")
@sign_in_required
def remove(view_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("saved_views.index")) as session:
        remove_view(session, find_view(session, view_id, is_own=True), utc_now())
    return see_other("saved_views.index", "Removed.")


@blueprint.post("/views/shared/<uuid:view_id>/removal")
@permission_required("views.remove_shared")
def remove_shared(view_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("saved_views.index")) as session:
        remove_view(session, find_view(session, view_id), utc_now())
    return see_other("saved_views.index", "Removed.")


def _index(problem: str = "") -> str:
    if problem:
        flash(problem, "caution")
    with reading() as session:
        views = [(read_view(session, view), who) for view, who in all_views(session)]
    return render_template("saved_views/index.html", views=views, pinned=pinned_ids(), is_own=_is_own)


def _form(form: FormState) -> str:
    filters = _filters_in_address()
    columns = [each.label for each in filters.columns if each.name in _columns_in_address(filters)]
    if problem := problem_with(filters):
        form.errors["name"] = problem
    return render_template("saved_views/new.html", form=form, filter=filters, columns=columns, query=_query())


def _ask_for_list() -> ResponseReturnValue:
    return see_other("saved_views.index", "Open a list, filter it, and press Save view above it.")


def _filters_in_address() -> ListFilter[Any]:
    kind = list_of(request.args.get(LIST, ""))
    if not may_read(kind.purpose):
        raise NotFound("There is no such list.")
    return kind.from_args(request.args)


def _columns_in_address(filters: ListFilter[Any]) -> list[str]:
    known = {each.name for each in filters.columns}
    return [name for name in request.args.get(COLUMNS, "").split(",") if name in known]


def _query() -> dict[str, str]:
    """The query of the form's address: the same list, filter and columns, with typed text sealed."""
    filters = _filters_in_address()
    return {LIST: filters.purpose, COLUMNS: ",".join(_columns_in_address(filters)), **filters.asked}


def _is_own(view: Any) -> bool:
    return bool(view.member_id == current_user.id)
