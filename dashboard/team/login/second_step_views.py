"""Views for the second step of a sign-in, and for signing in by passkey alone."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from dashboard.context import reading
from dashboard.db import utc_now
from dashboard.team.factors import totp
from dashboard.team.factors.passkeys import NOT_ACCEPTED
from dashboard.team.factors.second_factors import factors_of
from dashboard.team.login import reauthentication
from dashboard.team.login.completing import HOME, complete_sign_in
from dashboard.team.login.forms import CodeForm, PasskeyForm, SignInForm
from dashboard.team.login.pages import login_page, page_with_passkey
from dashboard.team.login.pending_sign_ins import PendingSignIn, current_pending_sign_in
from dashboard.web.access import open_to_everybody
from dashboard.web.pages.answers import see_other

WRONG_CODE = "This code is wrong or was already used. Wait for the next one and type that."
APP_UNREADABLE = (
    "No code of your app will work, because its stored secret cannot be read. Use a passkey or a recovery code, "
    "or ask the administrator of this dashboard to remove your second factor."
)

blueprint = Blueprint("door", __name__)


@blueprint.get("/sign-in/code")
@open_to_everybody
def second_step() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(HOME, 303)
    pending = _pending_sign_in()
    return _second_step_page(pending, CodeForm(formdata=None)) if pending else _begin_again()


@blueprint.post("/sign-in/code")
@open_to_everybody
def submit_second_step() -> ResponseReturnValue:
    pending, form = _pending_sign_in(), CodeForm()
    if pending is None:
        return _begin_again()
    if not form.validate():
        return _second_step_page(pending, form), 422
    try:
        by = reauthentication.second_factor_of(pending.member, form.code.data, request.remote_addr or "")
    except TooManyRequests as refused:
        form.code.errors = [refused.description]
        return _second_step_page(pending, form), 429
    if not by:
        form.code.errors = [_why_not(pending)]
        return _second_step_page(pending, form), 422
    return complete_sign_in(pending.member, f"password and {by}", pending.keep, pending.next_page)


def _why_not(pending: PendingSignIn) -> str:
    """Why the code was refused. Only somebody who typed the right password gets here."""
    with reading() as session:
        is_unreadable = totp.is_unreadable(session, pending.member.id)
    return APP_UNREADABLE if is_unreadable else WRONG_CODE


@blueprint.post("/sign-in/passkey")
@open_to_everybody
def submit_passkey() -> ResponseReturnValue:
    pending, form = _pending_sign_in(), PasskeyForm()
    member = reauthentication.member_with_passkey(form.credential.data or "", reauthentication.SIGN_IN)
    if member:
        keep = bool(pending and pending.keep) or request.form.get("keep") == "y"
        return complete_sign_in(member, "passkey", keep, form.next.data)
    if pending:
        return _second_step_page(pending, CodeForm(formdata=None), NOT_ACCEPTED), 422
    return login_page(SignInForm(formdata=None, next=form.next.data), NOT_ACCEPTED), 422


def _pending_sign_in() -> PendingSignIn | None:
    with reading() as session:
        return current_pending_sign_in(session, utc_now())


def _second_step_page(pending: PendingSignIn, form: CodeForm, error: str = "") -> str:
    with reading() as session:
        factors = factors_of(session, pending.member.id)
    return page_with_passkey(
        "team/second_step.html", reauthentication.SIGN_IN, pending.next_page, error, form=form, factors=factors
    )


def _begin_again() -> ResponseReturnValue:
    return see_other("team.sign_in", "That took more than ten minutes. Begin again with your password.")
