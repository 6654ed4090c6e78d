"""Access control: every view declares its permission, and a view that declares none is refused.

Two more things are asked of a sign-in: that no required second factor is missing and, where a view says so, that the
member confirmed who they are a moment ago.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from dashboard.db import utc_now
from dashboard.errors import NotAllowed, NotFound
from dashboard.web.lists.filters import address_without_typed_text

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

EVERYBODY = "everybody"
SIGNED_IN = "signed in"
CONFIRMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class SignInState:
    """The state of the sign-in behind a request; `team` notes it when it loads the member."""

    sign_in_id: UUID
    confirmed_at: datetime | None
    owes_second_factor: bool


def note_sign_in_state(state: SignInState) -> None:
    g.sign_in_state = state


def current_sign_in_state() -> SignInState:
    """The state of the signed-in member's sign-in. It exists once `current_user` was read."""
    assert current_user.is_authenticated
    return cast(SignInState, g.sign_in_state)


def permission_required(permission: str) -> Callable[[View], View]:
    """Declares that a view needs a role with `permission`. Place it below the route."""

    def state(view: View) -> View:
        view.required_permission = permission  # type: ignore[attr-defined]  # functions take attributes
        return view

    return state


def sign_in_required(view: View) -> View:
    """Declares that any member may call the view, such as one about their own profile."""
    return permission_required(SIGNED_IN)(view)


def open_to_everybody(view: View) -> View:
    """Declares that anybody may call the view: to sign in, as a customer, or as a machine."""
    return permission_required(EVERYBODY)(view)


def open_before_second_factor(view: View) -> View:
    """Declares that a member who lacks a required second factor may call the view: to set one up, or to leave."""
    view.is_open_before_second_factor = True  # type: ignore[attr-defined]  # functions take attributes
    return view


def recent_confirmation_required(back_to: str) -> Callable[[View], View]:
    """Lets a view answer only within ten minutes of a confirmation. Place it below the permission.

    A page leads to the confirmation and back to itself. A submitted form leads back to the page `back_to`, which takes
    its values from the address of the form; what was typed is not kept.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def confirmed(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            confirmed_at = current_sign_in_state().confirmed_at
            if confirmed_at and utc_now() - confirmed_at < CONFIRMED_FOR:
                return view(*args, **kwargs)
            return _send_to_confirmation(back_to)

        return cast(View, confirmed)

    return guard


def required_permission(endpoint: str) -> str | None:
    return getattr(current_app.view_functions[endpoint], "required_permission", None)


def may_open(endpoint: str) -> bool:
    """Whether the signed-in member may open a page."""
    permission = required_permission(endpoint)
    return permission in (EVERYBODY, SIGNED_IN) or (permission is not None and current_user.may(permission))


def enforce_permissions(app: Flask) -> None:
    app.before_request(_check_permission)


def _check_permission() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # There is no such page: Flask answers 404 or 405.
    permission = required_permission(request.endpoint)
    if permission == EVERYBODY:
        return None
    if not current_user.is_authenticated:
        return _send_to_sign_in()
    if permission is None:
        raise NotFound
    if current_sign_in_state().owes_second_factor and not _is_open_before_second_factor(request.endpoint):
        return _send("second_factors.show", "Set up a second factor first.")
    if permission != SIGNED_IN and not current_user.may(permission):
        raise NotAllowed("Your role does not include this. An owner of your team can change that.")
    return None


def _is_open_before_second_factor(endpoint: str) -> bool:
    return getattr(current_app.view_functions[endpoint], "is_open_before_second_factor", False)


def _send_to_sign_in() -> ResponseReturnValue:
    """Sends to the sign-in page with the way back: this page, or the page of the form that was pressed."""
    was_pressed = None if request.method == "GET" else 1
    next_page = _page_above(request.path) if was_pressed else address_without_typed_text()
    sign_in = url_for("team.sign_in", next=next_page, pressed=was_pressed)
    if request.headers.get("HX-Request") == "true":
        # A redirect would put the whole sign-in page into a cell of the table.
        return "", 401, {"HX-Redirect": url_for("team.sign_in", next=_page_around(), pressed=was_pressed)}
    if request.path.endswith(".json"):
        return {"error": "Sign in first."}, 401
    return redirect(sign_in, 303)


def _page_around() -> str | None:
    """The page that htmx asks from. What was typed into its address is sealed already."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or None


def _page_above(path: str) -> str | None:
    """The nearest parent address that is a page; for the address of a form, the page that shows it."""
    adapter = current_app.url_map.bind("")
    while path:
        try:
            endpoint, _ = adapter.match(path, "GET")
        except HTTPException:
            path = path.rpartition("/")[0]
            continue
        return path if required_permission(endpoint) != EVERYBODY else None
    return None


def _send_to_confirmation(back_to: str) -> ResponseReturnValue:
    is_page = request.method == "GET" and request.headers.get("HX-Request") != "true"
    next_page = address_without_typed_text() if is_page else _address_of(back_to)
    return _send("confirmation.show", "Confirm who you are in a browser first.", next=next_page)


def _send(endpoint: str, error: str, **values: Any) -> ResponseReturnValue:
    """Sends to a page that has to come first: by redirect, by htmx, or as an error for a program."""
    if request.headers.get("HX-Request") == "true":
        return "", 403, {"HX-Redirect": url_for(endpoint, **values)}
    if request.path.endswith(".json"):
        return {"error": error}, 403
    return redirect(url_for(endpoint, **values), 303)


def _address_of(endpoint: str) -> str:
    """The address of a page, with those of the current address's values that it takes, such as the id of a row."""
    taken = {name for rule in current_app.url_map.iter_rules(endpoint) for name in rule.arguments}
    values: dict[str, Any] = {name: value for name, value in (request.view_args or {}).items() if name in taken}
    return url_for(endpoint, **values)
