"""Completes a sign-in: stores it, sets its cookies, and tells the member what they should know."""

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from dashboard.audit.trail import record
from dashboard.context import transaction
from dashboard.crypto import KeyRing
from dashboard.db import keyring_of, utc_now
from dashboard.team.email.emails import email_about_odd_sign_in
from dashboard.team.email.outbox import send_soon
from dashboard.team.login import known_browsers, remember_me
from dashboard.team.login.forms import local_path
from dashboard.team.login.sign_in_anomalies import find_anomalies
from dashboard.team.login.sign_ins import begin_sign_in, end_sign_in, give_token_to_browser, take_token_from_browser
from dashboard.team.models import Member
from dashboard.web.security.cookies import drop_cookie, read_cookie, set_cookie

#: The first page. `overview` is a higher layer, so it is named by its address.
HOME = "/"
COPIED = (
    "A copy of the cookie that kept you signed in was used in another browser, so everything that was signed in with"
    " it was signed out. If you cannot explain that, change your password."
)

MANY_WRONG = (
    "A wrong password or code was typed {} times for your account in the last few minutes. If that was not you, change"
    " your password."
)


def complete_sign_in(member: Member, by: str, keep: bool, next_page: str | None) -> Response:
    """Signs the member in. `keep`: stay signed in on this browser for thirty days.

    `by`: what was proved, in words for the audit trail.
    """
    now, user_agent, address = utc_now(), request.user_agent.string, request.remote_addr or ""
    kept = ""
    with transaction() as session:
        odd = find_anomalies(session, member, address, now)
        end_sign_in(session, take_token_from_browser(), now)
        remember_me.forget_browser(session, read_cookie(remember_me.COOKIE), now)
        remembered_id = None
        if keep:
            browser, kept = remember_me.remember(session, member.id, now, user_agent)
            remembered_id = browser.id
        token = begin_sign_in(session, member, now, user_agent, address, remembered_id=remembered_id)
        copies = remember_me.unreported_copies(session, member.id, now)
        record(session, "member.signed_in", f"member {member.id}", now, who=member.email, details={"by": by})
        mail_id = email_about_odd_sign_in(session, member, odd, user_agent, address, now) if odd.deserve_email else None
        keyring = keyring_of(session)
    send_soon(mail_id)
    give_token_to_browser(token)
    if odd.has_many_wrong:
        flash(MANY_WRONG.format(odd.wrong_tries))
    if copies:
        flash(COPIED)
    return _with_cookies(redirect(local_path(next_page) or HOME, 303), member, kept, keyring)


def _with_cookies(answer: Response, member: Member, kept: str, keyring: KeyRing) -> Response:
    known_browsers.make_known(answer, member.email, keyring)
    if kept:
        set_cookie(answer, remember_me.COOKIE, kept, int(remember_me.LIFETIME.total_seconds()))
    elif read_cookie(remember_me.COOKIE):
        drop_cookie(answer, remember_me.COOKIE)
    return answer
