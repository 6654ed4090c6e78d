"""Views for the health page: how healthy this deployment is, and how to fix it."""

from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.context import reading
from dashboard.health.network import count_proxies
from dashboard.health.running import CheckResult, check_health, report_to_json
from dashboard.health.wording import WORDS, in_one_sentence
from dashboard.web.access import permission_required

blueprint = Blueprint("health_settings", __name__)


@blueprint.get("/settings/health")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    results = check_health_now()
    groups = {group: list(members) for group, members in groupby(results, key=lambda result: result.group)}
    return render_template("settings/health.html", groups=groups, summary=in_one_sentence(results), state_words=WORDS)


@blueprint.get("/settings/health.json")
@permission_required("settings.manage")
def show_json() -> ResponseReturnValue:
    return report_to_json(check_health_now())


def check_health_now() -> list[CheckResult]:
    """Runs the checks. This request itself shows how many proxies are in front."""
    seen = count_proxies(request.headers.get("X-Forwarded-For", ""))
    with reading() as session:
        return check_health(session, proxies_seen=seen)
