"""Views for a member's theme, and for the offer to use the browser's time zone."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.db import utc_now
from dashboard.errors import Invalid
from dashboard.team.account.preferences import set_preference
from dashboard.team.blueprint import blueprint
from dashboard.team.login.completing import HOME
from dashboard.team.login.forms import local_path
from dashboard.team.members import members
from dashboard.team.models import Member
from dashboard.web.access import open_before_second_factor, sign_in_required
from dashboard.web.lists.filters import address_without_typed_text
from dashboard.web.pages.answers import see_other
from dashboard.web.pages.locales import is_zone
from dashboard.web.pages.preferences import THEMES, preference
from dashboard.web.security.form_keys import form_transaction

#: The preference that says whether the member has chosen a time zone.
ZONE_CHOSEN = "zone_chosen"


@blueprint.app_template_global()
def address_here() -> str:
    """The address of this page, for a form that comes back to it; empty on a page that answers a form."""
    return address_without_typed_text() if request.method == "GET" else ""


@blueprint.app_template_global()
def is_zone_chosen() -> bool:
    return preference(ZONE_CHOSEN, False)


@blueprint.post("/account/theme")
@sign_in_required
@open_before_second_factor
def choose_theme() -> ResponseReturnValue:
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise Invalid({"theme": "Choose one of the three."})
    back = local_path(request.form.get("next")) or HOME
    with form_transaction(back) as session:
        set_preference(session, current_user.id, "theme", theme or None)
    return redirect(back, 303)


@blueprint.post("/account/time-zone")
@sign_in_required
@open_before_second_factor
def answer_zone_offer() -> ResponseReturnValue:
    """Takes the browser's time zone, or keeps the member's. Either way the offer is not made again."""
    zone = request.form.get("time_zone", "") if request.form.get("use") == "yes" else current_user.time_zone
    if not is_zone(zone):
        message = "This time zone is not known here. Choose the nearest one."
        return see_other("team.account", message, _anchor="time_zone")
    back, now = local_path(request.form.get("next")) or url_for("team.account"), utc_now()
    with form_transaction(back) as session:
        set_preference(session, current_user.id, ZONE_CHOSEN, True)
        member = session.get_one(Member, current_user.id)
        if member.time_zone != zone:
            members.choose_formats(session, member, member.language, zone, now)
            flash(f"Times are in {zone} from now on. Your account can change that.")
    return redirect(back, 303)
