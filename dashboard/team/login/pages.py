"""Renders the sign-in pages that several views show, with a passkey where browsers support it."""

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
    """Renders a page that offers a passkey.

    `purpose` says what the passkey will prove, so that an answer to one page counts on no other.
    """
    settings = current().settings
    options = ""
    if passkeys.host_of(settings):
        options = passkeys.sign_in_options(settings, offer_challenge(purpose, utc_now()))
    passkey_form = PasskeyForm(formdata=None, next=next_page)
    return render_template(page, passkey_options=options, passkey_form=passkey_form, passkey_error=error, **context)
