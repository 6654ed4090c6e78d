"""Views of the retention rules."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.context import reading
from dashboard.db import utc_now
from dashboard.jobs.name_search.switch import is_on
from dashboard.privacy.forms import check_rules_form, rules_fingerprint, rules_form
from dashboard.privacy.retention import KINDS, Due, read_rules, what_would_go, write_rules
from dashboard.web.access import permission_required, recent_confirmation_required
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.security.form_keys import form_transaction

blueprint = Blueprint("retention", __name__)


@blueprint.get("/settings/privacy")
@permission_required("settings.manage")
def show() -> ResponseReturnValue:
    with reading() as session:
        rules = read_rules(session)
        due = what_would_go(session, rules, utc_now())
    return _page(rules_form(rules), rules, due)


@blueprint.get("/settings/privacy.json")
@permission_required("settings.manage")
def show_json() -> ResponseReturnValue:
    with reading() as session:
        rules = read_rules(session)
        due = what_would_go(session, rules, utc_now())
        finds_people = is_on(session)
    return {
        "search_by_name": finds_people,
        "days": rules,
        "would_go_now": {name: _due_to_json(each) for name, each in due.items()},
    }


@blueprint.post("/settings/privacy/previews")
@permission_required("settings.manage")
def preview() -> ResponseReturnValue:
    """Shows what the rules as typed would erase. Saves and erases nothing."""
    form, rules = check_rules_form(request.form)
    if rules is None:
        return _page(form), 422
    return _preview(form, rules)


@blueprint.post("/settings/privacy")
@permission_required("settings.manage")
@recent_confirmation_required("retention.show")
def change() -> ResponseReturnValue:
    """Saves the rules. If they would erase something, they are previewed first and saved by a second press."""
    form, rules = check_rules_form(request.form)
    if rules is None:
        return _page(form), 422
    now = utc_now()
    with reading() as session:
        would_go = any(due.count for due in what_would_go(session, rules, now).values())
    if would_go and request.form.get("seen") != rules_fingerprint(rules):
        return _preview(form, rules)
    with form_transaction(url_for("retention.show")) as session:
        before = read_rules(session)
        changed = {name: f"{before[name]} to {days} days" for name, days in rules.items() if before[name] != days}
        if changed:
            write_rules(session, rules, now)
            record(session, "retention.changed", "settings", now, details=changed)
    return see_other("retention.show", "Saved. From now on the worker applies these rules once an hour.")


def _preview(form: FormState, rules: Mapping[str, int]) -> str:
    with reading() as session:
        due = what_would_go(session, rules, utc_now())
    return _page(form, rules, due, is_preview=True)


def _page(
    form: FormState,
    rules: Mapping[str, int] | None = None,
    due: Mapping[str, Due] | None = None,
    *,
    is_preview: bool = False,
) -> str:
    with reading() as session:
        finds_people = is_on(session)
    return render_template(
        "privacy/retention.html",
        finds_people=finds_people,
        form=form,
        kinds=KINDS,
        rules=rules,
        due=due,
        is_preview=is_preview,
        seen=rules_fingerprint(rules) if rules else "",
    )


def _due_to_json(due: Due) -> dict[str, Any]:
    return {"count": due.count_in_words, "oldest": json_time(due.oldest)}
