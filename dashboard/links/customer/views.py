"""The customer's pages under `/v/<code>`: GET spends nothing, POST starts, and all dead codes look the same."""

import base64
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import HTTPException, TooManyRequests

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict, Invalid, NotAllowed, NotFound, place_of
from dashboard.jobs.following.awaiting import note_submission
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.submitting.link_progress import lock_link_of
from dashboard.jobs.timeline import SentHow
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.customer.first_page import consent_sentence, first_page
from dashboard.links.customer.opening import opening_of, token_or_none
from dashboard.links.customer.starting import (
    Agreement,
    AlreadyStarted,
    is_opening_news,
    note_link_error,
    note_opened,
    policy_to_send,
    prefill_to_send,
    press_start,
    resume_start,
)
from dashboard.links.customer.theme import theme_css
from dashboard.links.customer.visits import browser_name, digest_of_browser, new_browser_name, remember_browser
from dashboard.links.languages import Texts, choose_language, texts_in
from dashboard.links.models import Link, LinkStart
from dashboard.links.queries import newest_start, open_link_of
from dashboard.outages import what_is_away
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.ids import made_at
from dashboard.stored_settings import Branding, read_branding
from dashboard.web.access import open_to_everybody
from dashboard.web.pages.errors import RETRY_AFTER_SECONDS
from dashboard.web.security.networks import network_of
from dashboard.worker.queue import wake

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NOT_A_YES = frozenset({"", "0", "false", "no", "off"})
#: Slows down guessing of codes; far more than the phones behind one shared address need.
VISITS = RateLimitItemPerMinute(1200, namespace="link_visits")

log = structlog.get_logger(__name__)
blueprint = Blueprint("customer", __name__)


@blueprint.before_request
def limit_by_address() -> None:
    if not current().throttle.hit(VISITS, network_of(request.remote_addr or "")):
        raise TooManyRequests(retry_after=VISITS.get_expiry())


@blueprint.get("/v/<code>")
@open_to_everybody
def show(code: str) -> ResponseReturnValue:
    settings, now, browser = current().settings, utc_now(), browser_name(current().settings)
    with reading() as session:
        branding = read_branding(session, settings)
        found = newest_start(session, settings.environment, code, digest_of_browser(browser)) if browser else None
        if found and "new" not in request.args:
            page = _page_of_own_verification(code, *found, branding, now)
            if page:
                return page
        link = open_link_of(session, settings.environment, code, now)
    return _show_first_page(code, link, branding)


@blueprint.get("/v/<code>/start")
@open_to_everybody
def start_over(code: str) -> ResponseReturnValue:
    """Leads back to the first page: for a phone that reloads the page, and for the language menu on it."""
    return redirect(url_for("customer.show", code=code, lang=request.args.get("lang")), 303)


@blueprint.post("/v/<code>/start")
@open_to_everybody
def start(code: str) -> ResponseReturnValue:
    settings, now = current().settings, utc_now()
    browser = browser_name(settings) or new_browser_name()
    texts = _texts(request.form.get("language", ""))
    is_again = "again" in request.form
    if not is_again and request.form.get("consent", "").lower() in NOT_A_YES:
        return _refuse(code, {"consent": "consent_missing"})
    try:
        with transaction() as session:
            branding = read_branding(session, settings)
            agreement = Agreement(
                consent_sentence(branding, texts).unmarked, texts.language, digest_of_browser(browser)
            )
            if is_again:
                link, job = resume_start(session, code, agreement.browser_digest, settings, now)
            else:
                choice = request.form.get("choice", type=int)
                link, job = press_start(session, code, agreement, choice, settings, now)
            prefill = prefill_to_send(session, link)
            policy = policy_to_send(session, link, settings)
    except AlreadyStarted as error:
        return _render("continue", texts, code=code, branding=branding, is_v3=error.api == SmileApi.V3), 409
    except Invalid as error:
        return _refuse(code, error.fields)
    except Conflict as error:
        return _refuse_for_staff(code, browser, texts, error.message)
    except NotFound:
        if is_again and _has_started(code, browser):
            # Smile has it already, and the page for this browser says so.
            return redirect(url_for("customer.show", code=code, lang=texts.language), 303)
        raise
    token = token_or_none(link, job, prefill, is_again)
    if token is None:
        return _message("busy", texts, code), 503
    opened = opening_of(link, job, token, prefill, branding, policy, texts)
    answer = _render("hosted", texts, code=code, branding=branding, opened=opened)
    answer.headers.update(opened.headers)
    remember_browser(answer, browser, settings)
    return answer


@blueprint.post("/v/<code>/submission")
@open_to_everybody
def submit(code: str) -> ResponseReturnValue:
    """The browser claims that Smile has everything, so Smile is asked."""
    settings, now, browser = current().settings, utc_now(), browser_name(current().settings)
    with transaction() as session:
        found = newest_start(session, settings.environment, code, digest_of_browser(browser))
        if not browser or found is None:
            raise NotFound
        lock_link_of(session, found[2].id)
        job = session.get_one(Job, found[2].id, with_for_update=True, populate_existing=True)
        note_submission(session, job, settings, now, SentHow.BROWSER_SAYS_SO, _named_by_browser(job))
    wake("jobs.advance", job.id)
    return redirect(url_for("customer.show", code=code, lang=_texts(request.form.get("language", "")).language), 303)


def _named_by_browser(job: Job) -> str:
    """The id that Smile's page gave to this browser; empty for anything that cannot be one."""
    named = request.form.get("smile_job_id", "")
    return named if job.api == SmileApi.V3 and made_at(named) else ""


@blueprint.get("/v/<code>/seen.gif")
@open_to_everybody
def seen(code: str) -> ResponseReturnValue:
    """An image on the first page; what loads it is most likely a person's browser."""
    settings, now = current().settings, utc_now()
    with reading() as session:
        try:
            is_news = is_opening_news(session, open_link_of(session, settings.environment, code, now))
        except NotFound:
            is_news = False
    if is_news and request.method == "GET":
        with transaction() as session:
            note_opened(session, settings.environment, code, now)
    return Response(PIXEL, mimetype="image/gif")


@blueprint.get("/v/theme/<color>.css")
@open_to_everybody
def theme(color: str) -> ResponseReturnValue:
    """The company's colour as a style sheet, since the page's policy allows no inline style; cached for ever."""
    css = theme_css(color)
    if css is None:
        raise NotFound
    return Response(css, mimetype="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@blueprint.errorhandler(NotFound)
def dead(_: NotFound) -> ResponseReturnValue:
    """One page for unknown, used, expired, paused and revoked links, so that guessing reveals nothing."""
    return _message("dead", _texts()), 404


@blueprint.errorhandler(CSRFError)
@blueprint.errorhandler(NotAllowed)
def stale(error: CSRFError | NotAllowed) -> ResponseReturnValue:
    status = 403 if isinstance(error, NotAllowed) else 400
    return _message("stale", _texts(), _asked_code()), status


@blueprint.errorhandler(TooManyRequests)
def crowded(error: TooManyRequests) -> ResponseReturnValue:
    answer = _message("crowded", _texts(), _asked_code())
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer, 429


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> ResponseReturnValue:
    """An error page in the customer's words instead of those for staff."""
    if isinstance(error, HTTPException):
        return _message("stale", _texts(), _asked_code()), error.code or 500
    answer = _message("busy", _texts(), _asked_code())
    if what_is_away(error):
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer, 503
    log.error("request_failed", error=type(error).__name__, where=place_of(error))
    return answer, 500


def _has_started(code: str, browser: str) -> bool:
    """Whether this browser has a verification for this code, in whatever state."""
    settings = current().settings
    with reading() as session:
        return newest_start(session, settings.environment, code, digest_of_browser(browser)) is not None


def _page_of_own_verification(
    code: str, link: Link, start: LinkStart, job: Job, branding: Branding, now: datetime
) -> ResponseReturnValue | None:
    """The state of this browser's own verification; None where there is nothing to show."""
    texts = _texts(of_link=start.language)
    if job.state == JobState.AWAITING_CUSTOMER and link.is_live(now):
        is_v3, is_late = job.api == SmileApi.V3, "late" in request.args
        return _render("continue", texts, code=code, branding=branding, is_v3=is_v3, is_late=is_late)
    if job.submitted_at is None:
        return None
    return _render(
        "thanks",
        texts,
        code=code,
        branding=branding,
        is_done=job.is_settled,
        return_url=link.return_url if link.return_url in branding.return_urls else "",
        may_start_another=link.uses_allowed > 1 and link.is_open(now),
    )


def _refuse(code: str, errors: dict[str, str]) -> ResponseReturnValue:
    """The first page again, with errors next to their fields; a dead code still gets the page for dead links."""
    with reading() as session:
        branding = read_branding(session, current().settings)
        link = open_link_of(session, current().settings.environment, code, utc_now())
    return _show_first_page(code, link, branding, errors), 422


def _refuse_for_staff(code: str, browser: str, texts: Texts, reason: str) -> ResponseReturnValue:
    """A refusal that the customer can do nothing about; staff read the reason on the link's page."""
    environment, now = current().settings.environment, utc_now()
    with transaction() as session:
        started = newest_start(session, environment, code, digest_of_browser(browser))
        link = started[0] if started else open_link_of(session, environment, code, now)
        note_link_error(session, link.id, reason, now)
    return _message("busy", texts, code), 409


def _show_first_page(code: str, link: Link, branding: Branding, errors: dict[str, str] | None = None) -> Response:
    settings = current().settings
    texts = _texts(request.form.get("language", ""), of_link=link.language)
    page = first_page(link, branding, texts)
    answer = _render("first", texts, code=code, page=page, branding=branding, errors=errors or {})
    if not browser_name(settings):
        remember_browser(answer, new_browser_name(), settings)
    return answer


def _message(kind: str, texts: Texts, code: str = "") -> Response:
    """A page that says what is wrong and what to do; `code` adds a way back to the first page."""
    return _render("message", texts, kind=kind, code=code)


def _render(name: str, texts: Texts, **context: Any) -> Response:
    answer = make_response(render_template(f"customer/{name}.html", t=texts, languages=LANGUAGE_NAMES, **context))
    answer.headers["Content-Language"] = texts.language
    return answer


def _texts(asked: str = "", of_link: str = "") -> Texts:
    asked = asked or request.args.get("lang", "")
    return texts_in(choose_language(asked, of_link, request.accept_languages))


def _asked_code() -> str:
    return str((request.view_args or {}).get("code", ""))
