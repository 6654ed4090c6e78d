"""Views for a forgotten password: asking for a link, and choosing a new password with it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.team import one_time, queries
from dashboard.team.blueprint import blueprint
from dashboard.team.email import outbox
from dashboard.team.email.emails import email_about_new_password
from dashboard.team.email.outbox import MailKind
from dashboard.team.login.forms import ForgottenForm, NewPasswordForm
from dashboard.team.login.rate_limits import count_opened_link, count_reset_request
from dashboard.team.members import resets
from dashboard.team.members.invitation_views import dead_link
from dashboard.team.one_time import PasswordReset
from dashboard.web.access import open_to_everybody
from dashboard.web.pages.answers import see_other
from dashboard.worker.queue import wake


@blueprint.get("/forgotten-password")
@open_to_everybody
def forgotten() -> ResponseReturnValue:
    return render_template("team/forgotten.html", form=ForgottenForm())


@blueprint.post("/forgotten-password")
@open_to_everybody
def ask_for_password() -> ResponseReturnValue:
    """Answers every address with the same words and the same work; only the worker looks up whose it is."""
    form = ForgottenForm()
    if not current().settings.sends_mail:
        return render_template("team/forgotten.html", form=form), 404
    if not form.validate():
        return render_template("team/forgotten.html", form=form), 422
    count_reset_request()
    with transaction() as session:
        content = {"to": queries.normal_email(form.email.data)}
        mail = outbox.queue_mail(session, MailKind.FORGOTTEN, None, content, utc_now())
    wake(outbox.SENDING, mail.id)
    return see_other("team.asked_for_password")


@blueprint.get("/forgotten-password/asked")
@open_to_everybody
def asked_for_password() -> ResponseReturnValue:
    return render_template("team/forgotten_asked.html")


@blueprint.get("/new-password/<code>")
@open_to_everybody
def open_reset(code: str) -> ResponseReturnValue:
    """Shows the form. Changes nothing: mail scanners and previews open every link."""
    if not _is_open(code):
        return dead_link()
    return render_template("team/new_password.html", code=code, form=NewPasswordForm())


@blueprint.post("/new-password/<code>")
@open_to_everybody
def use_reset(code: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if not _is_open(code):
        return dead_link()
    if not form.validate():
        return render_template("team/new_password.html", code=code, form=form), 422
    try:
        with transaction() as session:
            now = utc_now()
            member = resets.use_reset(session, code, form.password.data, now)
            mail_id = email_about_new_password(session, member, now)
    except NotFound:
        return dead_link()
    except Invalid as invalid:
        form.password.errors = [invalid.fields["password"]]
        return render_template("team/new_password.html", code=code, form=form), 422
    outbox.send_soon(mail_id)
    # They sign in as always, so that a second factor is still needed.
    return see_other("team.sign_in", "Your new password is set. Sign in with it.")


def _is_open(code: str) -> bool:
    count_opened_link()
    with reading() as session:
        return one_time.find_open(session, PasswordReset, code, utc_now()) is not None
