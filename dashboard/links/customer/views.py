"""The customer's page, `/v/<code>`: GET spends nothing, POST starts, and every dead code looks the same."""

import base64
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict, Invalid, NotAllowed, NotFound, place_of
from dashboard.jobs.following.awaiting import note_submission, note_token
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.problems import ProblemKind, problem_of, problem_of_clock, problem_words
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.jobs.timeline import SentHow
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.customer.first_page import consent_sentence, first_page
from dashboard.links.customer.hosted import fetch_token, hosted_headers, script_configuration
from dashboard.links.customer.starting import (
    Agreement,
    AlreadyStarted,
    give_back_use,
    is_opening_news,
    note_link_error,
    note_opened,
    prefill_to_send,
    press_start,
    resume_start,
)
from dashboard.links.customer.theme import theme_css
from dashboard.links.customer.throttle import count_visit
from dashboard.links.customer.visits import browser_name, digest_of_browser, new_browser_name, remember_browser
from dashboard.links.languages import Texts, choose_language, texts_in
from dashboard.links.models import Link, LinkStart
from dashboard.links.queries import newest_start, open_link_of
from dashboard.outages import what_is_away
from dashboard.smile import SmileError
from dashboard.stored_settings import Branding, read_branding
from dashboard.web.access import open_to_everybody
from dashboard.web.pages.errors import RETRY_AFTER_SECONDS
from dashboard.web.pages.filters import ENGLISH
from dashboard.worker.queue import wake

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NOT_A_YES = frozenset({"", "0", "false", "no", "off"})

log = structlog.get_logger(__name__)
blueprint = Blueprint("customer", __name__)


@blueprint.before_request
def limit_by_address() -> None:
    count_visit(request.remote_addr or "")


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
    """Where a phone that had put the page away comes back to, and the switch of languages on it."""
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
    except AlreadyStarted:
        return _render("continue", texts, code=code, branding=branding), 409
    except Invalid as error:
        return _refuse(code, error.fields)
    except Conflict as error:
        return _refuse_for_staff(code, texts, error.message)
    token = _token_or_none(link, job, is_again)
    if token is None:
        return _tell("busy", texts, code), 503
    configuration = script_configuration(
        link, job, token, prefill, branding, current().catalogue.get(), texts, settings
    )
    answer = _render("hosted", texts, code=code, branding=branding, configuration=configuration)
    answer.headers.update(hosted_headers(settings))
    remember_browser(answer, browser, settings)
    return answer


@blueprint.post("/v/<code>/submission")
@open_to_everybody
def submit(code: str) -> ResponseReturnValue:
    """The browser believes that Smile has everything. That is a claim: it only has Smile asked."""
    settings, now, browser = current().settings, utc_now(), browser_name(current().settings)
    with transaction() as session:
        found = newest_start(session, settings.environment, code, digest_of_browser(browser))
        if not browser or found is None:
            raise NotFound
        job = session.get_one(Job, found[2].id, with_for_update=True, populate_existing=True)
        note_submission(session, job, settings, now, SentHow.BROWSER_SAYS_SO)
    wake("jobs.advance", job.id)
    return redirect(url_for("customer.show", code=code, lang=_texts(request.form.get("language", "")).language), 303)


@blueprint.get("/v/<code>/seen.gif")
@open_to_everybody
def seen(code: str) -> ResponseReturnValue:
    """An image in the first page: what loads it is most likely a browser in front of a person."""
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
    """The company's colour: the policy of the page allows no style inside it, and this may be kept for ever."""
    css = theme_css(color)
    if css is None:
        raise NotFound
    return Response(css, mimetype="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@blueprint.errorhandler(NotFound)
def dead(_: NotFound) -> ResponseReturnValue:
    """One page for unknown, used up, expired, paused and revoked: whoever guesses learns nothing."""
    return _tell("dead", _texts()), 404


@blueprint.errorhandler(CSRFError)
@blueprint.errorhandler(NotAllowed)
def stale(error: CSRFError | NotAllowed) -> ResponseReturnValue:
    status = 403 if isinstance(error, NotAllowed) else 400
    return _tell("stale", _texts(), _asked_code()), status


@blueprint.errorhandler(TooManyRequests)
def crowded(error: TooManyRequests) -> ResponseReturnValue:
    answer = _tell("crowded", _texts(), _asked_code())
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer, 429


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> ResponseReturnValue:
    """Customers get none of the words that staff get; the link itself is as it was."""
    if isinstance(error, HTTPException):
        return _tell("stale", _texts(), _asked_code()), error.code or 500
    answer = _tell("busy", _texts(), _asked_code())
    if what_is_away(error):
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer, 503
    log.error("request_failed", error=type(error).__name__, where=place_of(error))
    return answer, 500


def _token_or_none(link: Link, job: Job, is_again: bool) -> str | None:
    """Asked for after the commit. Where there is none, the use is given back and staff read why."""
    settings = current().settings
    try:
        token = fetch_token(smile_clients(), settings, job)
    except SmileError as error:
        clock, found = current().smile_clients.clock, problem_of(error, ProblemKind.NO_TOKEN)
        if clock.note_refusal(error):
            found = problem_of_clock(clock, is_followed=False)
        log.warning("no_web_token", link=str(link.id), reason=type(error).__name__)
        with transaction() as session:
            if is_again:
                note_link_error(session, link.id, problem_words(found, ENGLISH), utc_now())
            else:
                give_back_use(session, job.id, found, utc_now())
        return None
    with transaction() as session:
        note_token(session, session.get_one(Job, job.id, with_for_update=True), settings, utc_now())
    return token


def _page_of_own_verification(
    code: str, link: Link, start: LinkStart, job: Job, branding: Branding, now: datetime
) -> ResponseReturnValue | None:
    """How far this browser's own verification is; None where there is nothing to say about it."""
    texts = _texts(of_link=start.language)
    if job.state == JobState.AWAITING_CUSTOMER and link.is_live(now):
        return _render("continue", texts, code=code, branding=branding)
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
    """The first page again, with what is missing beside its field; a dead code is dead first."""
    with reading() as session:
        branding = read_branding(session, current().settings)
        link = open_link_of(session, current().settings.environment, code, utc_now())
    return _show_first_page(code, link, branding, errors), 422


def _refuse_for_staff(code: str, texts: Texts, reason: str) -> ResponseReturnValue:
    """The customer can do nothing about it; staff read the reason on the link's page."""
    now = utc_now()
    with transaction() as session:
        link = open_link_of(session, current().settings.environment, code, now)
        note_link_error(session, link.id, reason, now)
    return _tell("busy", texts, code), 409


def _show_first_page(code: str, link: Link, branding: Branding, errors: dict[str, str] | None = None) -> Response:
    settings = current().settings
    texts = _texts(request.form.get("language", ""), of_link=link.language)
    page = first_page(link, branding, texts)
    answer = _render("first", texts, code=code, page=page, branding=branding, errors=errors or {})
    if not browser_name(settings):
        remember_browser(answer, new_browser_name(), settings)
    return answer


def _tell(kind: str, texts: Texts, code: str = "") -> Response:
    """What is the matter, and what now; with the code there is a way back to the page."""
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
