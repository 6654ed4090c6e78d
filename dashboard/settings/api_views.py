"""The settings page that says which API of Smile each product uses. A switch concerns new jobs and links only."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.api_choice import choose_apis, chosen_apis
from dashboard.settings.api_form import POLICY, api_form, check_api_form, field_of
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding, write_branding
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.security.form_keys import form_transaction

blueprint = Blueprint("api_settings", __name__)


@blueprint.get("/settings/smile-api")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    return _page(api_form(*_chosen()))


@blueprint.get("/settings/smile-api.json")
@permission_required("settings.manage")
def show_json() -> ResponseReturnValue:
    apis, policy = _chosen()
    return {
        "environment": current().settings.environment,
        "policy_url": policy or None,
        "products": [
            {"product": product, "name": facts.name, "api": apis[product], "apis": facts.apis}
            for product, facts in FACTS.items()
        ],
    }


@blueprint.post("/settings/smile-api")
@permission_required("settings.manage")
def change() -> ResponseReturnValue:
    form, apis = check_api_form(request.form, current().settings, *_chosen())
    if form.errors:
        return _page(form), 422
    with form_transaction(url_for("api_settings.show")) as session:
        _save(session, apis, form.value(POLICY), utc_now())
    return see_other("api_settings.show", "Saved. New jobs and links are made with these.")


def _save(session: Session, apis: Mapping[Product, SmileApi], policy_url: str, now: datetime) -> None:
    """Stores what changed, each with a line in the trail."""
    settings = current().settings
    branding, before = read_branding(session, settings), chosen_apis(session, settings)
    if branding.policy_url != policy_url:
        write_branding(session, replace(branding, policy_url=policy_url), now)
        details = {"before": branding.policy_url or "none", "after": policy_url or "none"}
        record(session, "policy_address.changed", "settings", now, details=details)
    if apis == before:
        return
    choose_apis(session, settings, apis, now)
    for product, api in apis.items():
        if api != before[product]:
            details = {"product": FACTS[product].name, "before": before[product].value, "after": api.value}
            record(session, "smile_api.changed", "settings", now, details=details)


def _chosen() -> tuple[Mapping[Product, SmileApi], str]:
    settings = current().settings
    with reading() as session:
        return chosen_apis(session, settings), read_branding(session, settings).policy_url


def _page(form: FormState) -> str:
    return render_template(
        "settings/smile_api.html",
        form=form,
        fields={product: field_of(product) for product in FACTS},
        chosen=_chosen()[0],
    )
