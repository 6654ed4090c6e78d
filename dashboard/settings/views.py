"""The settings page: branding, logo and the wallet's warning level."""

from dataclasses import asdict, replace

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.errors import Invalid
from dashboard.health.views import check_health_now
from dashboard.health.wording import WORDS, in_one_sentence
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.api_choice import chosen_apis
from dashboard.languages import LANGUAGE_NAMES
from dashboard.settings.forms import branding_form, check_branding_form
from dashboard.settings.logo import MOST_BYTES_CHOSEN, draw_logo, name_of, save_logo
from dashboard.settings.prices import field_of, parse_prices, prices_form, read_prices, write_prices
from dashboard.settings.wallet import Wallet, parse_level, read_wallet, write_level
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding, read_branding, write_branding
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.pages.locales import zone_choices
from dashboard.web.security.form_keys import form_transaction
from dashboard.web.serving.limits import takes_files

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    return _page(branding_form(_branding()))


@blueprint.get("/settings.json")
@permission_required("settings.manage")
def show_json() -> ResponseReturnValue:
    wallet = _wallet()
    balance = wallet.balance
    return {
        "branding": asdict(_branding()),
        "wallet": {
            "balance": float(balance.amount) if balance else None,
            "currency": (balance.currency or None) if balance else None,
            "as_of": json_time(balance.as_of) if balance else None,
            "asked_at": json_time(wallet.asked_at),
            "warning_level": None if wallet.level is None else float(wallet.level),
            "is_below_level": wallet.is_below,
        },
    }


@blueprint.post("/settings")
@permission_required("settings.manage")
@takes_files
def change() -> ResponseReturnValue:
    form, branding = check_branding_form(request.form, current().settings, _branding(), uses_v3=_uses_v3())
    logo = b""
    try:
        logo = _sent_logo()
    except Invalid as error:
        form.errors.update(error.fields)
    if branding is None or form.errors:
        return _page(form), 422
    if logo:
        branding = replace(branding, logo_url=url_for("logo.show", name=name_of(logo)))
    now = utc_now()
    with form_transaction(url_for("settings.show")) as session:
        before = asdict(read_branding(session, current().settings))
        if logo:
            save_logo(session, logo, now)
        changed = [name for name, value in asdict(branding).items() if before[name] != value]
        if changed:
            write_branding(session, branding, now)
            record(session, "settings.changed", "settings", now, details={"fields": ", ".join(changed)})
    return see_other("settings.show", "Saved. Customers' pages show it from now on.")


def _sent_logo() -> bytes:
    """The uploaded logo; empty where none was chosen. Raises Invalid."""
    chosen = request.files.get("logo")
    return draw_logo(chosen.read(MOST_BYTES_CHOSEN + 1)) if chosen and chosen.filename else b""


@blueprint.post("/settings/wallet")
@permission_required("settings.manage")
def change_wallet_level() -> ResponseReturnValue:
    typed, now = request.form.get("wallet_level", ""), utc_now()
    try:
        level = parse_level(typed)
    except Invalid as error:
        return _page(branding_form(_branding()), FormState({"wallet_level": typed}, error.fields)), 422
    with form_transaction(url_for("settings.show")) as session:
        if level != read_wallet(session, current().settings.environment).level:
            write_level(session, level, now)
            details = {"level": "none" if level is None else str(level)}
            record(session, "wallet_level.changed", "settings", now, details=details)
    message = "Saved. There will be no warning." if level is None else "Saved. You are warned below this balance."
    return see_other("settings.show", message)


@blueprint.post("/settings/prices")
@permission_required("settings.manage")
def change_prices() -> ResponseReturnValue:
    now = utc_now()
    try:
        prices = parse_prices(request.form)
    except Invalid as error:
        return _page(branding_form(_branding()), prices=FormState(request.form, error.fields)), 422
    with form_transaction(url_for("settings.show")) as session:
        if prices != read_prices(session):
            write_prices(session, prices, now)
            record(session, "prices.changed", "settings", now)
    return see_other("settings.show", "Saved. The overview shows what is spent.")


def _page(form: FormState, wallet_form: FormState | None = None, prices: FormState | None = None) -> str:
    wallet = _wallet()
    if prices is None:
        with reading() as session:
            prices = prices_form(read_prices(session))
    checks = check_health_now()
    return render_template(
        "settings/index.html",
        form=form,
        wallet=wallet,
        wallet_form=wallet_form or FormState({"wallet_level": "" if wallet.level is None else str(wallet.level)}),
        prices=prices,
        price_fields={field_of(product): facts.name for product, facts in FACTS.items()},
        languages=LANGUAGE_NAMES,
        zones=zone_choices(),
        branding=_branding(),
        duties=checks,
        summary=in_one_sentence(checks),
        state_words=WORDS,
    )


def _uses_v3() -> bool:
    with reading() as session:
        return SmileApi.V3 in chosen_apis(session, current().settings).values()


def _branding() -> Branding:
    with reading() as session:
        return read_branding(session, current().settings)


def _wallet() -> Wallet:
    with reading() as session:
        return read_wallet(session, current().settings.environment)
