"""The pages of the door, which several views show: each offers a passkey where browsers can use one."""

from typing import Any

from flask import render_template
from flask_wtf import FlaskForm

from dashboard.context import current
from dashboard.db import utc_now
from dashboard.team.factors import passkeys
from dashboard.team.login.challenges import offer_challenge
from dashboard.team.login.forms import PasskeyForm
from dashboard.team.login.reauthentication import SIGN_IN


def login_page(form: FlaskForm, passkey_error: str = "") -> str:
    return page_with_passkey("team/sign_in.html", SIGN_IN, form.next.data, passkey_error, form=form)


def page_with_passkey(page: str, purpose: str, next_page: str | None, error: str = "", **context: Any) -> str:
    """`purpose` says what the passkey will prove, so that the answer to one page is nothing to another."""
    settings = current().settings
    options = ""
    if passkeys.host_of(settings):
        options = passkeys.sign_in_options(settings, offer_challenge(purpose, utc_now()))
    passkey_form = PasskeyForm(formdata=None, next=next_page)
    return render_template(page, passkey_options=options, passkey_form=passkey_form, passkey_error=error, **context)
