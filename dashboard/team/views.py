"""HTTP in, HTTP out at the door: signing in and out. One's own account and the members have views of their own."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.trail import record
from dashboard.db import reading, transaction, utc_now
from dashboard.team import members, passwords, queries, throttle
from dashboard.team.blueprint import blueprint
from dashboard.team.forms import SignInForm, local_path
from dashboard.team.models import Member
from dashboard.team.sign_ins import begin_sign_in, end_sign_in, give_token_to_browser, take_token_from_browser
from dashboard.web.access import open_to_everybody, sign_in_required
from dashboard.web.pages import see_other

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


def _member_with(email: str, password: str) -> Member | None:
    """The member of that address and password. Whoever is refused learns nothing from the words or the time."""
    with reading() as session:
        member = queries.find_member_by_email(session, email)
    if member is None:
        passwords.verify_in_vain(password)
        return None
    is_right = passwords.verify_password(member.password_hash, password)
    return member if is_right and member.disabled_at is None else None
