"""Views for a member's own account: name, password, formats and signed-in browsers."""

from typing import Any
from uuid import UUID

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlmodel import Session

from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.errors import Invalid
from dashboard.permissions import ROLES, Role
from dashboard.team.account import own_sign_ins
from dashboard.team.account.appearance_views import ZONE_CHOSEN
from dashboard.team.account.preferences import set_preference
from dashboard.team.blueprint import blueprint
from dashboard.team.browsers import browser_in_words
from dashboard.team.email.emails import email_about_new_password
from dashboard.team.email.outbox import send_soon
from dashboard.team.login.forms import FormatsForm, NameForm, PasswordForm
from dashboard.team.login.reauthentication import is_password_of
from dashboard.team.login.sign_ins import give_token_to_browser, renew_sign_in
from dashboard.team.members import members
from dashboard.team.members.serializers import account_to_json
from dashboard.team.models import Member
from dashboard.web.access import current_sign_in_state, recent_confirmation_required, sign_in_required
from dashboard.web.pages.answers import see_other
from dashboard.web.security.form_keys import form_transaction

blueprint.add_app_template_filter(browser_in_words)


@blueprint.get("/account")
@sign_in_required
def account() -> ResponseReturnValue:
    return _account_page()


@blueprint.get("/account.json")
@sign_in_required
def account_json() -> ResponseReturnValue:
    with reading() as session:
        sign_ins = own_sign_ins.list_sign_ins(session, current_user, utc_now())
        return jsonify(account_to_json(current_user, sign_ins, current_sign_in_state().sign_in_id))


@blueprint.post("/account")
@sign_in_required
def rename() -> ResponseReturnValue:
    form = NameForm()
    if not form.validate():
        return _account_page(name_form=form), 422
    try:
        with form_transaction(url_for("team.account")) as session:
            members.rename_member(session, _member_now(session), form.name.data, utc_now())
    except Invalid as invalid:
        form.name.errors = [invalid.fields["name"]]
        return _account_page(name_form=form), 422
    return see_other("team.account", "Your name was changed.")


@blueprint.post("/account/password")
@sign_in_required
@recent_confirmation_required("team.account")
def change_password() -> ResponseReturnValue:
    form, now = PasswordForm(), utc_now()
    if not form.validate():
        return _account_page(password_form=form), 422
    if not is_password_of(current_user, form.current.data, request.remote_addr or ""):
        form.current.errors = ["This is not your current password."]
        return _account_page(password_form=form), 422
    try:
        with form_transaction(url_for("team.account")) as session:
            member = _member_now(session)
            members.set_password(session, member, form.password.data, now)
            mail_id = email_about_new_password(session, member, now)
            token = renew_sign_in(session, member.id, now)
    except Invalid as invalid:
        form.password.errors = [invalid.fields["password"]]
        return _account_page(password_form=form), 422
    send_soon(mail_id)
    give_token_to_browser(token)
    return see_other("team.account", "Your password was changed. Your other browsers are signed out.")


@blueprint.post("/account/formats")
@sign_in_required
def choose_formats() -> ResponseReturnValue:
    form = FormatsForm()
    if not form.validate():
        return _account_page(formats_form=form), 422
    with form_transaction(url_for("team.account")) as session:
        set_preference(session, current_user.id, ZONE_CHOSEN, True)
        member = _member_now(session)
        members.choose_formats(session, member, form.language.data, form.time_zone.data, utc_now())
    return see_other("team.account", "Saved. Dates and times are written this way from now on.")


@blueprint.post("/account/sign-ins/<uuid:sign_in_id>/end")
@sign_in_required
@recent_confirmation_required("team.account")
def end_sign_in_of_mine(sign_in_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("team.account")) as session:
        own_sign_ins.end_one(session, current_user, sign_in_id, utc_now(), asking=current_sign_in_state().sign_in_id)
    return see_other("team.account", "That browser is signed out.")


@blueprint.post("/account/sign-ins/end-others")
@sign_in_required
@recent_confirmation_required("team.account")
def end_other_sign_ins() -> ResponseReturnValue:
    with form_transaction(url_for("team.account")) as session:
        own_sign_ins.end_others(session, current_user, utc_now(), asking=current_sign_in_state().sign_in_id)
    return see_other("team.account", "All of your other browsers are signed out.")


@blueprint.get("/account/permissions")
@sign_in_required
def permissions() -> ResponseReturnValue:
    return render_template("team/permissions.html", rows=current().features.permissions.values(), roles=ROLES)


@blueprint.get("/account/permissions.json")
@sign_in_required
def permissions_json() -> ResponseReturnValue:
    rows = current().features.permissions.values()
    return jsonify(
        items=[
            {"permission": row.name, "words": row.words, "roles": [role for role in Role if role in row.roles]}
            for row in rows
        ]
    )


def _member_now(session: Session) -> Member:
    return session.get_one(Member, current_user.id)


def _account_page(**sent: FlaskForm) -> str:
    """Renders the account page. `sent`: the form that was just submitted; the others show stored values."""
    with reading() as session:
        sign_ins = own_sign_ins.list_sign_ins(session, current_user, utc_now())
        this_sign_in = current_sign_in_state().sign_in_id
    forms: dict[str, Any] = {
        "name_form": NameForm(formdata=None, name=current_user.name),
        "password_form": PasswordForm(formdata=None),
        "formats_form": FormatsForm(formdata=None, language=current_user.language, time_zone=current_user.time_zone),
    }
    return render_template(
        "team/account.html", **(forms | sent), sign_ins=sign_ins, this_sign_in=this_sign_in, roles=ROLES
    )
