"""The pages and JSON of web tokens issued by hand."""

from typing import Any
from uuid import uuid4

import structlog
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.jobs.products import PRODUCTS_BY_WEB_NAME, problem_with_user_id
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.jobs.smile_api.refusals import explain_refusal
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.jobs.submitting.fields import cleaned_value, problem_with_id
from dashboard.links.models import WebToken
from dashboard.links.tokens.tokens import TokenRequest, fetch_issued_token, last_issued, note_issued, snippet
from dashboard.outbound import problem_with_address
from dashboard.smile import Refused, SmileError
from dashboard.smile.constants import WEB_PRODUCTS
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import json_list, json_time
from dashboard.web.pages.form_state import FormState

NAMES = ("product", "user_id", "job_id", "callback_url")

log = structlog.get_logger(__name__)
blueprint = Blueprint("tokens", __name__)


@blueprint.get("/tokens/new")
@permission_required("tokens.create")
def new() -> ResponseReturnValue:
    return _form({}, {})


@blueprint.post("/tokens")
@permission_required("tokens.create")
def create() -> ResponseReturnValue:
    """Issues a token and answers with its page: a redirect would need a place to keep the token."""
    values, settings = {name: request.form.get(name, "").strip() for name in NAMES}, current().settings
    values |= {name: cleaned_value(name, values[name]) for name in ("user_id", "job_id")}
    errors = _wrong(values)
    if errors:
        return _form(values, errors), 422
    token_request = TokenRequest(
        product=values["product"],
        user_id=values["user_id"] or f"user-{uuid4()}",
        job_id=values["job_id"] or f"job-{uuid4()}",
        callback_url=values["callback_url"] or hook_address(settings),
    )
    try:
        issued = fetch_issued_token(smile_clients(), token_request)
    except SmileError as error:
        log.warning("no_web_token", reason=type(error).__name__)
        is_refused = isinstance(error, Refused)
        reason = explain_refusal(error) if isinstance(error, Refused) else f"Smile could not be asked: {error}"
        if current().smile_clients.clock.note_refusal(error):
            reason = current().smile_clients.clock.problem()
        return _form(values, {"product": reason}), 422 if is_refused else 503
    now = utc_now()
    row = WebToken(
        environment=settings.environment,
        product=token_request.script_product,
        user_id=token_request.user_id,
        job_id=token_request.job_id,
        callback_url=token_request.callback_url,
        issued_by=current_user.email,
        issued_at=now,
        expires_at=issued.expires_at,
    )
    with transaction() as session:
        note_issued(session, row, now)
        branding = read_branding(session, settings)
    return render_template(
        "tokens/issued.html",
        token_request=token_request,
        issued=issued,
        snippet=snippet(token_request, issued, branding, settings),
        is_ours=not values["callback_url"],
    )


@blueprint.get("/tokens.json")
@permission_required("tokens.create")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        rows = last_issued(session, current().settings.environment)
    return json_list([_to_json(row) for row in rows], None, len(rows), True)


def _form(values: dict[str, str], errors: dict[str, str]) -> str:
    with reading() as session:
        rows = last_issued(session, current().settings.environment)
    form = FormState(values, errors)
    return render_template("tokens/new.html", form=form, products=list(WEB_PRODUCTS.items()), tokens=rows)


def _wrong(values: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if values["product"] not in WEB_PRODUCTS:
        wrong["product"] = "Choose what to ask the customer for."
    for name in ("user_id", "job_id"):
        if values[name] and (problem := problem_with_id(values[name])):
            wrong[name] = problem
    product = PRODUCTS_BY_WEB_NAME.get(WEB_PRODUCTS.get(values["product"], ""))
    if problem := problem_with_user_id(product, values["user_id"]):
        wrong["user_id"] = problem
    if values["callback_url"] and (problem := problem_with_address(values["callback_url"], current().settings)):
        wrong["callback_url"] = problem
    return wrong


def _to_json(row: WebToken) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "api": row.api,
        "product": row.product,
        "user_id": row.user_id,
        "job_id": row.job_id,
        "callback_url": row.callback_url,
        "issued_by": row.issued_by,
        "issued_at": json_time(row.issued_at),
        "expires_at": json_time(row.expires_at),
    }
