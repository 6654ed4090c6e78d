"""Switches search by name on and off."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.db import utc_now
from dashboard.jobs.name_search.switch import is_on, turn_switch
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import see_other
from dashboard.web.security.form_keys import form_transaction

ON = "Search by name is on. The worker now adds the names of older jobs."
OFF = "Search by name is off. The worker now removes what was stored for it."

blueprint = Blueprint("name_search", __name__)


@blueprint.post("/settings/name-search")
@permission_required("settings.manage")
def change() -> ResponseReturnValue:
    is_wanted, now = request.form.get("is_on") == "yes", utc_now()
    with form_transaction(url_for("retention.show")) as session:
        if is_wanted != is_on(session):
            turn_switch(session, is_on=is_wanted, now=now)
            record(session, f"name_search.{'on' if is_wanted else 'off'}", "settings", now)
    return see_other("retention.show", ON if is_wanted else OFF)
