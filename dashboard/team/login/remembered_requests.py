"""Signs a remembered browser in again, before anything else looks at the request."""

from flask import Flask, Response, flash, g, request
from flask_login import current_user

from dashboard.audit.trail import record
from dashboard.context import transaction
from dashboard.db import utc_now
from dashboard.team.login import remember_me
from dashboard.team.login.remember_me import RememberedSignIn
from dashboard.team.login.sign_ins import begin_sign_in, give_token_to_browser
from dashboard.web.access import EVERYBODY, required_permission
from dashboard.web.security.cookies import drop_cookie, read_cookie, set_cookie

#: The sign-in page is open to everybody, but a remembered member need not stop there.
SIGN_IN_PAGE = "team.sign_in"
COPIED = "This browser is no longer kept signed in, since another one used the same cookie. Sign in again."


def set_up_remember_me(app: Flask) -> None:
    app.before_request(_come_back)
    app.after_request(_keep_cookie)


def _come_back() -> None:
    """Signs in for GET only: a form has the token of a session that is over, and would be refused anyway."""
    kept = read_cookie(remember_me.COOKIE)
    if not kept or request.method != "GET" or not _needs_sign_in() or current_user.is_authenticated:
        return
    now, user_agent = utc_now(), request.user_agent.string
    with transaction() as session:
        result = remember_me.resume_remembered(session, kept, now, user_agent)
        if result.member and result.browser:
            token = begin_sign_in(
                session,
                result.member,
                now,
                user_agent,
                request.remote_addr or "",
                remembered_id=result.browser.id,
                is_confirmed=False,
            )
            subject, details = f"member {result.member.id}", {"by": "remembered browser"}
            record(session, "member.signed_in", subject, now, who=result.member.email, details=details)
    if result.member:
        give_token_to_browser(token)
    elif result.verdict == "copied":
        flash(COPIED)
    g.returned = result


def _needs_sign_in() -> bool:
    if request.endpoint is None:
        return False
    return request.endpoint == SIGN_IN_PAGE or required_permission(request.endpoint) != EVERYBODY


def _keep_cookie(answer: Response) -> Response:
    result: RememberedSignIn | None = g.pop("returned", None)
    if result is None:
        return answer
    if result.verdict != "welcome":
        drop_cookie(answer, remember_me.COOKIE)
    elif result.cookie and result.browser:
        left = result.browser.created_at + remember_me.LIFETIME - utc_now()
        set_cookie(answer, remember_me.COOKIE, result.cookie, max(1, int(left.total_seconds())))
    return answer
