"""Views to add and remove a member's own passkeys."""

from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.team.account.second_factor_views import new_codes_page
from dashboard.team.email.emails import PASSKEY_ADDED, PASSKEY_REMOVED, email_about_second_factor
from dashboard.team.email.outbox import send_soon
from dashboard.team.factors import passkeys, recovery_codes
from dashboard.team.factors.second_factors import codes_follow_factors
from dashboard.team.login.challenges import offer_challenge, spend_challenge
from dashboard.team.login.forms import NewPasskeyForm
from dashboard.team.login.sign_ins import give_token_to_browser, renew_sign_in
from dashboard.web.access import open_before_second_factor, recent_confirmation_required, sign_in_required
from dashboard.web.pages.answers import see_other
from dashboard.web.security.form_keys import form_transaction

NEW_PASSKEY = "new passkey"
TOO_LATE = "The page was open for too long. Try again."

blueprint = Blueprint("passkeys", __name__)


@blueprint.get("/account/passkeys/new")
@sign_in_required
@open_before_second_factor
@recent_confirmation_required("second_factors.show")
def new() -> ResponseReturnValue:
    return _new_page(NewPasskeyForm(formdata=None))


@blueprint.post("/account/passkeys")
@sign_in_required
@open_before_second_factor
@recent_confirmation_required("second_factors.show")
def add() -> ResponseReturnValue:
    form = NewPasskeyForm()
    if not form.validate():
        return _new_page(form), 422
    try:
        token, has_codes, mail_id = _add(form.name.data, form.credential.data)
    except Invalid as invalid:
        for name, message in invalid.fields.items():
            form[name].errors = [message]
        return _new_page(form), 422
    except IntegrityError:
        raise Conflict("This passkey was added at the same moment.") from None
    send_soon(mail_id)
    give_token_to_browser(token)
    message = f"The passkey {form.name.data.strip()} was added. Your other browsers were signed out."
    return see_other("second_factors.show", message) if has_codes else new_codes_page(message)


@blueprint.post("/account/passkeys/<uuid:passkey_id>/removal")
@sign_in_required
@recent_confirmation_required("second_factors.show")
def remove(passkey_id: UUID) -> ResponseReturnValue:
    now = utc_now()
    with form_transaction(url_for("second_factors.show")) as session:
        removed = passkeys.remove_passkey(session, current_user.id, passkey_id)
        codes_follow_factors(session, current_user.id)
        token = renew_sign_in(session, current_user.id, now)
        record(session, "second_factor.removed", f"member {current_user.id}", now, details={"kind": "passkey"})
        mail_id = email_about_second_factor(session, current_user, PASSKEY_REMOVED, now)
    send_soon(mail_id)
    give_token_to_browser(token)
    message = f"The passkey {removed.name} was removed. Your other browsers were signed out."
    return see_other("second_factors.show", message)


def _add(name: str, credential: str) -> tuple[str, bool, UUID | None]:
    """Returns the new sign-in token, whether the member already has recovery codes, and the e-mail's id."""
    now, settings = utc_now(), current().settings
    with transaction() as session:
        challenge = spend_challenge(session, NEW_PASSKEY, now)
        if challenge is None:
            raise Invalid({"credential": TOO_LATE})
        passkeys.register(session, settings, current_user.id, name, credential, challenge, now)
        token = renew_sign_in(session, current_user.id, now)
        record(session, "second_factor.added", f"member {current_user.id}", now, details={"kind": "passkey"})
        has_codes = recovery_codes.count_left(session, current_user.id) > 0
        mail_id = email_about_second_factor(session, current_user, PASSKEY_ADDED, now)
        return token, has_codes, mail_id


def _new_page(form: NewPasskeyForm) -> str:
    settings, options = current().settings, ""
    if passkeys.host_of(settings):
        with reading() as session:
            present = passkeys.list_passkeys(session, current_user.id)
        challenge = offer_challenge(NEW_PASSKEY, utc_now())
        options = passkeys.registration_options(settings, current_user, challenge, present)
    return render_template("team/new_passkey.html", form=form, passkey_options=options)
