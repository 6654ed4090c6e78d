"""Views for a member's own authenticator app and recovery codes. Every change needs a recent confirmation.

Passkeys are in passkey_views.py.
"""

from contextlib import suppress

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import TooManyRequests

from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import keyring_of, utc_now
from dashboard.team.account.shown_codes import codes_to_show, show_codes_next
from dashboard.team.email.emails import APP_ADDED, APP_REMOVED, CODES_MADE, email_about_second_factor
from dashboard.team.email.outbox import send_soon
from dashboard.team.factors import passkeys, recovery_codes, totp
from dashboard.team.factors.second_factors import codes_follow_factors, factors_of
from dashboard.team.login.forms import NewAppForm
from dashboard.team.login.sign_ins import give_token_to_browser, renew_sign_in
from dashboard.team.login.throttle import GuessKind, count_try, forgive_tries
from dashboard.web.access import (
    current_sign_in_state,
    open_before_second_factor,
    recent_confirmation_required,
    sign_in_required,
)
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.security.form_keys import form_transaction, return_on_conflict

blueprint = Blueprint("second_factors", __name__)


@blueprint.get("/account/second-factors")
@sign_in_required
@open_before_second_factor
def show() -> ResponseReturnValue:
    with reading() as session:
        factors = factors_of(session, current_user.id)
    return render_template(
        "team/second_factors.html",
        factors=factors,
        owes=current_sign_in_state().owes_second_factor,
        takes_passkeys=bool(passkeys.host_of(current().settings)),
    )


@blueprint.get("/account/second-factors.json")
@sign_in_required
@open_before_second_factor
def show_json() -> ResponseReturnValue:
    with reading() as session:
        factors = factors_of(session, current_user.id)
    return {
        "app_since": json_time(factors.app_since),
        "recovery_codes_left": factors.codes_left,
        "passkeys": [
            {
                "id": str(passkey.id),
                "name": passkey.name,
                "created_at": json_time(passkey.created_at),
                "last_used_at": json_time(passkey.last_used_at),
            }
            for passkey in factors.passkeys
        ],
    }


@blueprint.post("/account/second-factors/app/new")
@sign_in_required
@open_before_second_factor
@recent_confirmation_required("second_factors.show")
def begin_app() -> ResponseReturnValue:
    # IntegrityError: pressed twice at once, and the first press made the secret.
    with return_on_conflict(url_for("second_factors.show")), suppress(IntegrityError), transaction() as session:
        totp.begin_app(session, current_user.id, utc_now())
    return see_other("second_factors.new_app")


@blueprint.get("/account/second-factors/app")
@sign_in_required
@open_before_second_factor
@recent_confirmation_required("second_factors.show")
def new_app() -> ResponseReturnValue:
    return _new_app_page(NewAppForm(formdata=None))


@blueprint.post("/account/second-factors/app")
@sign_in_required
@open_before_second_factor
@recent_confirmation_required("second_factors.show")
def add_app() -> ResponseReturnValue:
    form, now, address = NewAppForm(), utc_now(), request.remote_addr or ""
    if not form.validate():
        return _new_app_page(form, 422)
    try:
        count_try(current_user.email, address, GuessKind.CODE)
    except TooManyRequests as refused:
        form.code.errors = [refused.description]
        return _new_app_page(form, 429)
    with return_on_conflict(url_for("second_factors.show")), transaction() as session:
        is_right = totp.confirm_app(session, current_user.id, form.code.data, now)
        if is_right:
            token = renew_sign_in(session, current_user.id, now)
            record(session, "second_factor.added", f"member {current_user.id}", now, details={"kind": "app"})
            mail_id = email_about_second_factor(session, current_user, APP_ADDED, now)
    if not is_right:
        form.code.errors = ["This code is not right. Check that your phone's clock is right, then type the next code."]
        return _new_app_page(form, 422)
    forgive_tries(current_user.email, address, GuessKind.CODE)
    send_soon(mail_id)
    give_token_to_browser(token)
    return new_codes_page("Your authenticator app is set up. Your other browsers were signed out.")


@blueprint.post("/account/second-factors/app/removal")
@sign_in_required
@recent_confirmation_required("second_factors.show")
def remove_app() -> ResponseReturnValue:
    now = utc_now()
    with form_transaction(url_for("second_factors.show")) as session:
        totp.remove_app(session, current_user.id)
        codes_follow_factors(session, current_user.id)
        token = renew_sign_in(session, current_user.id, now)
        record(session, "second_factor.removed", f"member {current_user.id}", now, details={"kind": "app"})
        mail_id = email_about_second_factor(session, current_user, APP_REMOVED, now)
    send_soon(mail_id)
    give_token_to_browser(token)
    return see_other("second_factors.show", "The authenticator app was removed. Your other browsers were signed out.")


@blueprint.post("/account/second-factors/recovery-codes")
@sign_in_required
@recent_confirmation_required("second_factors.show")
def make_codes() -> ResponseReturnValue:
    with reading() as session:
        if not factors_of(session, current_user.id).is_set:
            return see_other("second_factors.show", "Recovery codes stand in for a second factor. Set one up first.")
    return new_codes_page("Your earlier codes no longer work.", CODES_MADE)


@blueprint.get("/account/second-factors/recovery-codes")
@sign_in_required
def codes() -> ResponseReturnValue:
    with reading() as session:
        shown = codes_to_show(current_user.id, keyring_of(session))
    if not shown:
        return see_other(
            "second_factors.show", "Recovery codes are shown once. If you did not keep them, make new ones."
        )
    return render_template("team/recovery_codes.html", codes=shown)


def new_codes_page(message: str, told: str = "") -> ResponseReturnValue:
    """Makes ten new codes and redirects to the page that shows them.

    `told`: what to write to the member about it; empty if an e-mail was already written.
    """
    made, rows = recovery_codes.make_codes(current_user.id)
    now = utc_now()
    with form_transaction(url_for("second_factors.codes")) as session:
        recovery_codes.replace_codes(session, current_user.id, rows)
        record(session, "recovery_codes.made", f"member {current_user.id}", now)
        mail_id = email_about_second_factor(session, current_user, told, now) if told else None
        keyring = keyring_of(session)
    send_soon(mail_id)
    show_codes_next(made, current_user.id, keyring)
    return see_other("second_factors.codes", message)


def _new_app_page(form: NewAppForm, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        secret = totp.secret_to_set_up(session, current_user.id)
    if secret is None:
        return see_other("second_factors.show")
    qr_code = totp.image_of(secret, current_user)
    return render_template("team/new_app.html", form=form, qr_code=qr_code, secret=totp.spaced(secret)), status
