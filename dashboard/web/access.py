"""Who may call what: every view states its permission, and a view that states none is refused."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.errors import NotAllowed, NotFound

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

EVERYBODY = "everybody"
SIGNED_IN = "signed in"


def permission_required(permission: str) -> Callable[[View], View]:
    """States that a view needs a role which includes `permission`; sits directly on the view."""

    def state(view: View) -> View:
        view.required_permission = permission  # type: ignore[attr-defined]  # functions take attributes
        return view

    return state


def sign_in_required(view: View) -> View:
    """States that a view is for any member, such as one's own profile."""
    return permission_required(SIGNED_IN)(view)


def open_to_everybody(view: View) -> View:
    """States that a view is for anybody: the door itself, a customer, a machine."""
    return permission_required(EVERYBODY)(view)


def required_permission(endpoint: str) -> str | None:
    return getattr(current_app.view_functions[endpoint], "required_permission", None)


def enforce_permissions(app: Flask) -> None:
    app.before_request(_check_permission)


def _check_permission() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # Nothing lives here: Flask answers 404 or 405.
    permission = required_permission(request.endpoint)
    if permission == EVERYBODY:
        return None
    if not current_user.is_authenticated:
        return _send_to_the_door()
    if permission is None:
        raise NotFound
    if permission != SIGNED_IN and not current_user.may(permission):
        raise NotAllowed("Your role does not include this. An owner of your team can change that.")
    return None


def _send_to_the_door() -> ResponseReturnValue:
    door = url_for("team.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    if request.headers.get("HX-Request") == "true":
        # A redirect would put the whole sign-in page into a cell of the table.
        return "", 401, {"HX-Redirect": url_for("team.sign_in")}
    if request.path.endswith(".json"):
        return {"error": "Sign in first."}, 401
    return redirect(door, 303)
