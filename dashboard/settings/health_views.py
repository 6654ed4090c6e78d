"""HTTP in, HTTP out for the list of duties: how healthy this deployment is, and what mends it."""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.context import reading
from dashboard.db import utc_now
from dashboard.duties.duty import Duty
from dashboard.duties.network import count_proxies
from dashboard.duties.registry import DUTIES, take_stock, twin
from dashboard.duties.wording import WORDS, in_one_sentence
from dashboard.web.access import permission_required

blueprint = Blueprint("health_settings", __name__)


@blueprint.get("/settings/health")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    duties = duties_now()
    groups = {name: [duty for duty in duties if duty.group == name] for name in DUTIES}
    return render_template("settings/health.html", groups=groups, summary=in_one_sentence(duties), state_words=WORDS)


@blueprint.get("/settings/health.json")
@permission_required("settings.manage")
def show_twin() -> ResponseReturnValue:
    return twin(duties_now())


def duties_now() -> list[Duty]:
    """This very request shows how many proxies stand in front."""
    seen = count_proxies(request.headers.get("X-Forwarded-For", ""))
    with reading() as session:
        return take_stock(current_app, session, utc_now(), proxies_seen=seen)
