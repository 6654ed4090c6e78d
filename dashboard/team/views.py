"""HTTP in, HTTP out for the team: the door, one's own account, the members. The second step is in door_views.py."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session
from werkzeug.exceptions import TooManyRequests

from dashboard.audit.trail import record
from dashboard.db import reading, transaction, utc_now
from dashboard.errors import Invalid
from dashboard.team import members, passwords, queries, remembering, throttle
from dashboard.team.door_pages import door_page
from dashboard.team.entrance import HOME, let_in
from dashboard.team.forms import NameForm, PasswordForm, SignInForm, local_path
from dashboard.team.half_sign_ins import begin_half_sign_in
from dashboard.team.models import Member
from dashboard.team.proofs import member_with
from dashboard.team.sign_ins import begin_sign_in, end_sign_in, give_token_to_browser, take_token_from_browser
from dashboard.web.access import (
    open_before_second_factor,
    open_to_everybody,
    permission_required,
    recent_confirmation_required,
    sign_in_required,
)
from dashboard.web.cookies import drop_cookie, read_cookie
from dashboard.web.pages import json_list, see_other

blueprint = Blueprint("team", __name__)


@blueprint.get("/")
@sign_in_required
def home() -> ResponseReturnValue:
    return redirect(HOME, 303)


@blueprint.get("/sign-in")
@open_to_everybody
def sign_in() -> ResponseReturnValue:
    next_page = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(next_page or HOME, 303)
    if "left" in request.args:
        flash("You are signed out.")
    return door_page(SignInForm(next=next_page))


@blueprint.post("/sign-in")
@open_to_everybody
def submit_sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return door_page(form), 422
    email = queries.normal_email(form.email.data)
    try:
        member, has_second_factor = member_with(email, form.password.data, request.remote_addr or "")
    except TooManyRequests as refused:
        form.password.errors = [refused.description]
        return door_page(form), 429
    if member is None:
        form.password.errors = ["The e-mail address and password do not match."]
        return door_page(form), 422
    if not has_second_factor:
        return let_in(member, "password", form.keep.data, form.next.data)
    with transaction() as session:
        end_sign_in(session, take_token_from_browser(), utc_now())
    begin_half_sign_in(member, form.keep.data, local_path(form.next.data) or HOME, utc_now())
    return redirect(url_for("door.second_step"), 303)


@blueprint.post("/sign-out")
@sign_in_required
@open_before_second_factor
def sign_out() -> ResponseReturnValue:
    now = utc_now()
    with transaction() as session:
        record(session, "member.signed_out", f"member {current_user.id}", now)
        remembering.forget_browser(session, read_cookie(remembering.COOKIE), now)
        end_sign_in(session, take_token_from_browser(), now)
    # No message in the session: the browser is asked to forget all cookies, this one included.
    answer = redirect(url_for("team.sign_in", left=1), 303)
    drop_cookie(answer, remembering.COOKIE)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


@blueprint.get("/account")
@sign_in_required
def account() -> ResponseReturnValue:
    return _account_page(NameForm(name=current_user.name), PasswordForm())


@blueprint.post("/account")
@sign_in_required
def rename() -> ResponseReturnValue:
    form = NameForm()
    if not form.validate():
        return _account_page(form, PasswordForm(formdata=None)), 422
    try:
        with transaction() as session:
            members.rename_member(session, _member_now(session), form.name.data, utc_now())
    except Invalid as invalid:
        form.name.errors = [invalid.fields["name"]]
        return _account_page(form, PasswordForm(formdata=None)), 422
    return see_other("team.account", "Your name was changed.")


@blueprint.post("/account/password")
@sign_in_required
@recent_confirmation_required("team.account")
def change_password() -> ResponseReturnValue:
    form, now, address = PasswordForm(), utc_now(), request.remote_addr or ""
    if not form.validate():
        return _account_page(NameForm(formdata=None, name=current_user.name), form), 422
    throttle.count_try(current_user.email, address)
    if not passwords.verify_password(current_user.password_hash, form.current.data):
        form.current.errors = ["This is not your current password."]
        return _account_page(NameForm(formdata=None, name=current_user.name), form), 422
    throttle.forgive_tries(current_user.email, address)
    try:
        with transaction() as session:
            member = _member_now(session)
            members.set_password(session, member, form.password.data, now)
            token = begin_sign_in(session, member, now, request.user_agent.string, address)
    except Invalid as invalid:
        form.password.errors = [invalid.fields["password"]]
        return _account_page(NameForm(formdata=None, name=current_user.name), form), 422
    give_token_to_browser(token)
    return see_other("team.account", "Your password was changed. Your other browsers are signed out.")


@blueprint.get("/team")
@permission_required("team.manage")
def index() -> ResponseReturnValue:
    with reading() as session:
        return render_template("team/index.html", members=queries.list_members(session))


@blueprint.get("/team.json")
@permission_required("team.manage")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        found = queries.list_members(session)
    return json_list([_as_json(member) for member in found], None, len(found), count_is_exact=True)


def _member_now(session: Session) -> Member:
    return session.get_one(Member, current_user.id)


def _account_page(name_form: NameForm, password_form: PasswordForm) -> str:
    return render_template("team/account.html", name_form=name_form, password_form=password_form)


def _as_json(member: Member) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "created_at": member.created_at.isoformat(),
        "disabled_at": member.disabled_at.isoformat() if member.disabled_at else None,
    }
