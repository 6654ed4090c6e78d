"""HTTP in, HTTP out for the team: the door, one's own account, the members."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.db import reading, transaction, utc_now
from dashboard.errors import Invalid
from dashboard.team import members, passwords, queries, throttle
from dashboard.team.forms import NameForm, PasswordForm, SignInForm, local_path
from dashboard.team.models import Member
from dashboard.team.sign_ins import begin_sign_in, end_sign_in, give_token_to_browser, take_token_from_browser
from dashboard.web.access import open_to_everybody, permission_required, sign_in_required
from dashboard.web.pages import json_list, see_other

blueprint = Blueprint("team", __name__)
#: Where work begins. `jobs` lies above this slice, so it is named by its address, which stays.
HOME = "/jobs"


@blueprint.get("/")
@sign_in_required
def home() -> ResponseReturnValue:
    return redirect(HOME, 303)


@blueprint.get("/sign-in")
@open_to_everybody
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(HOME, 303)
    return render_template("team/sign_in.html", form=SignInForm(next=local_path(request.args.get("next"))))


@blueprint.post("/sign-in")
@open_to_everybody
def submit_sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return render_template("team/sign_in.html", form=form), 422
    now, email, address = utc_now(), queries.normal_email(form.email.data), request.remote_addr or ""
    throttle.count_try(email, address)
    member = _member_with(email, form.password.data)
    if member is None:
        form.password.errors = ["The e-mail address and password do not match."]
        return render_template("team/sign_in.html", form=form), 422
    throttle.forgive_tries(email, address)
    with transaction() as session:
        end_sign_in(session, take_token_from_browser(), now)
        token = begin_sign_in(session, member, now, request.user_agent.string, address)
        members.refresh_hash(session, member, form.password.data)
        record(session, "member.signed_in", f"member {member.id}", now, who=member.email)
    give_token_to_browser(token)
    return redirect(local_path(form.next.data) or HOME, 303)


@blueprint.post("/sign-out")
@sign_in_required
def sign_out() -> ResponseReturnValue:
    now = utc_now()
    with transaction() as session:
        record(session, "member.signed_out", f"member {current_user.id}", now)
        end_sign_in(session, take_token_from_browser(), now)
    return see_other("team.sign_in", "You are signed out.")


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


def _member_with(email: str, password: str) -> Member | None:
    """The member of that address and password. Whoever is refused learns nothing from the words or the time."""
    with reading() as session:
        member = queries.find_member_by_email(session, email)
    if member is None:
        passwords.verify_in_vain(password)
        return None
    is_right = passwords.verify_password(member.password_hash, password)
    return member if is_right and member.disabled_at is None else None


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
