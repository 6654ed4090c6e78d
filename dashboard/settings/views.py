"""HTTP in, HTTP out for the settings page."""

from dataclasses import asdict

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.health.views import check_health_now
from dashboard.health.wording import WORDS, in_one_sentence
from dashboard.links.languages import LANGUAGES
from dashboard.settings.forms import branding_form, check_branding_form
from dashboard.stored_settings import Branding, read_branding, write_branding
from dashboard.web.access import permission_required
from dashboard.web.pages import see_other
from dashboard.web.typed_forms import TypedForm

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    return _page(branding_form(_branding()))


@blueprint.get("/settings.json")
@permission_required("settings.manage")
def show_twin() -> ResponseReturnValue:
    return {"branding": asdict(_branding())}


@blueprint.post("/settings")
@permission_required("settings.manage")
def change() -> ResponseReturnValue:
    form, branding = check_branding_form(request.form, current().settings)
    if branding is None:
        return _page(form), 422
    now = utc_now()
    with transaction() as session:
        before = asdict(read_branding(session, current().settings))
        changed = [name for name, value in asdict(branding).items() if before[name] != value]
        if changed:
            write_branding(session, branding, now)
            record(session, "settings.changed", "settings", now, details={"fields": ", ".join(changed)})
    return see_other("settings.show", "Saved. Every page that a customer opens from now on shows it.")


def _page(form: TypedForm) -> str:
    checks = check_health_now()
    return render_template(
        "settings/index.html",
        form=form,
        languages=LANGUAGES,
        duties=checks,
        summary=in_one_sentence(checks),
        state_words=WORDS,
    )


def _branding() -> Branding:
    with reading() as session:
        return read_branding(session, current().settings)
