"""The form of a token of Smile's v3 API, and the page that shows it once."""

import re
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.jobs.products import problem_with_user_id
from dashboard.jobs.smile_api.api_choice import policy_address
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.jobs.smile_api.refusals import explain_refusal
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.jobs.submitting.fields import cleaned_value, problem_with_id, problem_with_value
from dashboard.jobs.submitting.v3_fields import NO_POLICY, consent_record, phone_of_v3, problem_with_contact
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.models import WebToken
from dashboard.links.tokens.tokens import last_issued, note_issued
from dashboard.links.tokens.v3_tokens import (
    PRODUCTS,
    PRODUCTS_BY_TOKEN_NAME,
    BoundTokenRequest,
    bound_values,
    fetch_by_hand,
    snippet_v3,
)
from dashboard.outbound import problem_with_address
from dashboard.smile import InvalidRequest, Refused, SmileError
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required
from dashboard.web.pages.form_state import FormState

#: The fields of the form that a token may bind, under Smile's names.
PERSONAL = ("id_number", "given_names", "last_name", "email", "phone_number")
NAMES = ("product", "user_id", "country", "id_type", *PERSONAL, "callback_url", "consent", "notice_language")
ANY_PRODUCT = "any"
#: Smile quotes the field that it refuses.
QUOTED_FIELD = re.compile(r"'(?:user_details\.|consent\.)?([a-z_]+)'")

log = structlog.get_logger(__name__)
blueprint = Blueprint("v3_tokens", __name__)


@blueprint.get("/tokens/v3/new")
@permission_required("tokens.create")
def new() -> ResponseReturnValue:
    return _form({}, {})


@blueprint.post("/tokens/v3")
@permission_required("tokens.create")
def create() -> ResponseReturnValue:
    """Issues a token and answers with its page: a redirect would need a place to keep the token."""
    values, settings = _values(), current().settings
    with reading() as session:
        policy = policy_address(session, settings)
    if errors := _wrong(values, policy, current().catalogue.get()):
        return _form(values, errors), 422
    wanted = _to_request(values, policy)
    try:
        token = fetch_by_hand(smile_clients(), wanted)
    except SmileError as error:
        log.warning("no_web_token", reason=type(error).__name__)
        return _form(values, _errors_of(error)), 503 if error.may_retry else 422
    now = utc_now()
    row = WebToken(
        environment=settings.environment,
        api=SmileApi.V3,
        product=wanted.product,
        user_id=wanted.user_id,
        job_id="",  # Smile makes it with the job
        callback_url=wanted.payload["callback_url"],
        issued_by=current_user.email,
        issued_at=now,
        expires_at=token.expires_at,
    )
    with transaction() as session:
        note_issued(session, row, now)
        branding = read_branding(session, settings)
    return render_template(
        "tokens/issued_v3.html",
        product=PRODUCTS.get(wanted.product, ""),
        token=token,
        bound=bound_values(token),
        snippet=snippet_v3(wanted, token, branding, policy or branding.policy_url, settings),
        is_ours=not values["callback_url"],
        row=row,
    )


def _values() -> dict[str, str]:
    values = {name: request.form.get(name, "").strip() for name in NAMES}
    values |= {name: cleaned_value(name, values[name]) for name in ("user_id", *PERSONAL)}
    values["id_type"] = values["id_type"].upper()
    values["phone_number"] = phone_of_v3(values["phone_number"], values["country"]) if values["phone_number"] else ""
    return values


def _wrong(values: Mapping[str, str], policy: str, catalogue: Catalogue) -> dict[str, str]:
    wrong = {}
    if values["product"] not in (ANY_PRODUCT, *PRODUCTS):
        wrong["product"] = "Choose a product, or a token for any of them."
    if values["user_id"] and (problem := problem_with_id(values["user_id"])):
        wrong["user_id"] = problem
    if problem := problem_with_user_id(PRODUCTS_BY_TOKEN_NAME.get(values["product"]), values["user_id"]):
        wrong["user_id"] = problem
    if values["country"] and values["country"] not in catalogue.country_names:
        wrong["country"] = "Choose the country from the list."
    if values["id_type"] and not values["country"]:
        wrong["country"] = "Choose the country of this ID type."
    if values["id_number"] and not values["id_type"]:
        wrong["id_type"] = "Enter the ID type that this number is of."
    for name in ("id_type", *PERSONAL):
        problem = problem_with_value(name, values[name]) or problem_with_contact(name, values[name], values["country"])
        if values[name] and problem:
            wrong[name] = problem
    if values["callback_url"] and (problem := problem_with_address(values["callback_url"], current().settings)):
        wrong["callback_url"] = problem
    if values["consent"] and not policy:
        wrong["consent"] = NO_POLICY
    if values["notice_language"].lower() not in ("", *LANGUAGE_NAMES):
        wrong["notice_language"] = "Choose a language from the list."
    return wrong


def _to_request(values: Mapping[str, str], policy: str) -> BoundTokenRequest:
    payload: dict[str, Any] = {name: values[name] for name in ("country", "id_type", *PERSONAL) if values[name]}
    payload["callback_url"] = values["callback_url"] or hook_address(current().settings)
    if values["consent"]:
        payload["consent"] = consent_record(values["notice_language"], policy, utc_now())
    product = "" if values["product"] == ANY_PRODUCT else values["product"]
    return BoundTokenRequest(product, values["user_id"], payload)


def _errors_of(error: SmileError) -> dict[str, str]:
    """The errors beside their fields, where Smile or its client names one."""
    if isinstance(error, InvalidRequest):
        named = {name.rpartition(".")[2]: message for name, message in error.fields.items()}
        return {name: f"This {message}." for name, message in named.items() if name in NAMES} or {"product": str(error)}
    if not isinstance(error, Refused):
        return {"product": f"Smile could not be asked: {error}"}
    if current().smile_clients.clock.note_refusal(error):
        return {"product": current().smile_clients.clock.problem()}
    quoted = QUOTED_FIELD.search(error.reason)
    field = "id_number" if error.code == "wrong_number" else quoted[1] if quoted else ""
    return {field: f"Smile refused this: {error.reason}"} if field in NAMES else {"product": explain_refusal(error)}


def _form(values: Mapping[str, str], errors: dict[str, str]) -> str:
    with reading() as session:
        rows = last_issued(session, current().settings.environment)
        policy = policy_address(session, current().settings)
    countries = sorted(current().catalogue.get().country_names.items(), key=lambda pair: pair[1])
    return render_template(
        "tokens/new_v3.html",
        form=FormState(values, errors),
        products=[*PRODUCTS.items(), (ANY_PRODUCT, "Any product")],
        countries=countries,
        languages=[(code.upper(), name) for code, name in LANGUAGE_NAMES.items()],
        policy=policy,
        tokens=rows,
    )
