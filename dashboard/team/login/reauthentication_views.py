"""Views that ask for the password or a passkey again before sensitive actions."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from dashboard.audit.trail import record
from dashboard.context import transaction
from dashboard.db import utc_now
from dashboard.team.factors.passkeys import NOT_ACCEPTED
from dashboard.team.login import reauthentication
from dashboard.team.login.forms import ConfirmationForm, PasskeyForm, local_path
from dashboard.team.login.pages import page_with_passkey
from dashboard.team.login.sign_ins import confirm_sign_in, swap_token_in_browser
from dashboard.web.access import current_sign_in_state, open_before_second_factor, sign_in_required

ACCOUNT = "/account"

blueprint = Blueprint("confirmation", __name__)


@blueprint.get("/account/confirmation")
@sign_in_required
@open_before_second_factor
def show() -> ResponseReturnValue:
    return _page(ConfirmationForm(formdata=None, next=local_path(request.args.get("next"))))


@blueprint.post("/account/confirmation")
@sign_in_required
@open_before_second_factor
def submit() -> ResponseReturnValue:
    form = ConfirmationForm()
    if not form.validate():
        return _page(form), 422
    try:
        is_right = reauthentication.is_password_of(current_user, form.password.data, request.remote_addr or "")
    except TooManyRequests as refused:
        form.password.errors = [refused.description]
        return _page(form), 429
    if not is_right:
        form.password.errors = ["This is not your password."]
        return _page(form), 422
    return _confirm("password", form.next.data)


@blueprint.post("/account/confirmation/passkey")
@sign_in_required
@open_before_second_factor
def submit_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    member = reauthentication.member_with_passkey(form.credential.data or "", reauthentication.CONFIRMATION)
    if member is None or member.id != current_user.id:
        return _page(ConfirmationForm(formdata=None, next=local_path(form.next.data)), NOT_ACCEPTED), 422
    return _confirm("passkey", form.next.data)


def _confirm(by: str, next_page: str | None) -> ResponseReturnValue:
    now = utc_now()
    with transaction() as session:
        record(session, "member.confirmed", f"member {current_user.id}", now, details={"by": by})
        token = confirm_sign_in(session, current_sign_in_state().sign_in_id, now)
    swap_token_in_browser(token)
    return redirect(local_path(next_page) or ACCOUNT, 303)


def _page(form: ConfirmationForm, passkey_error: str = "") -> str:
    return page_with_passkey(
        "team/confirmation.html", reauthentication.CONFIRMATION, form.next.data, passkey_error, form=form
    )
