"""Views for signing in and out. The second step is in second_step_views.py."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from dashboard.audit.trail import record
from dashboard.context import reading, transaction
from dashboard.db import utc_now
from dashboard.team import queries
from dashboard.team.blueprint import blueprint
from dashboard.team.login import remember_me
from dashboard.team.login.completing import HOME, complete_sign_in
from dashboard.team.login.forms import SignInForm, local_path
from dashboard.team.login.pages import login_page
from dashboard.team.login.pending_sign_ins import begin_pending_sign_in
from dashboard.team.login.reauthentication import member_with
from dashboard.team.login.sign_ins import (
    drop_ended_token,
    end_sign_in,
    take_token_from_browser,
    token_of_browser,
    was_ended,
)
from dashboard.web.access import open_before_second_factor, open_to_everybody, sign_in_required
from dashboard.web.security.cookies import drop_cookie, read_cookie

#: Why a sign-in ended. A remembered browser is signed in again by itself, and shows neither.
EXPIRED = "You were away for a long time, so this browser was signed out. Sign in to continue where you were."
ENDED = (
    "This browser was signed out: from another browser, by a new password, or by an owner of your team. Sign in to"
    " continue where you were."
)


@blueprint.get("/sign-in")
@open_to_everybody
def sign_in() -> ResponseReturnValue:
    next_page = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(next_page or HOME, 303)
    if "left" in request.args:
        flash("You are signed out.")
    elif ended := _how_it_ended():
        flash(f"{ended} Your last action was not carried out." if "pressed" in request.args else ended)
    return login_page(SignInForm(next=next_page))


def _how_it_ended() -> str:
    """Why this browser's sign-in ended, said once; empty if it has none that ended."""
    token = drop_ended_token()
    if not token:
        return ""
    with reading() as session:
        return ENDED if was_ended(session, token) else EXPIRED


@blueprint.post("/sign-in")
@open_to_everybody
def submit_sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return login_page(form), 422
    email = queries.normal_email(form.email.data)
    try:
        member, has_second_factor = member_with(email, form.password.data, request.remote_addr or "")
    except TooManyRequests as refused:
        form.password.errors = [refused.description]
        return login_page(form), 429
    if member is None:
        form.password.errors = ["The e-mail address and password do not match."]
        return login_page(form), 422
    if not has_second_factor:
        return complete_sign_in(member, "password", form.keep.data, form.next.data)
    with transaction() as session:
        end_sign_in(session, take_token_from_browser(), utc_now())
    begin_pending_sign_in(member, form.keep.data, local_path(form.next.data) or HOME, utc_now())
    return redirect(url_for("door.second_step"), 303)


@blueprint.post("/sign-out")
@sign_in_required
@open_before_second_factor
def sign_out() -> ResponseReturnValue:
    now = utc_now()
    with transaction() as session:
        end_sign_in(session, token_of_browser(), now)
        remember_me.forget_browser(session, read_cookie(remember_me.COOKIE), now)
        record(session, "member.signed_out", f"member {current_user.id}", now)
    take_token_from_browser()
    # No message in the session: the browser is told to delete all cookies, this one included.
    answer = redirect(url_for("team.sign_in", left=1), 303)
    drop_cookie(answer, remember_me.COOKIE)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
