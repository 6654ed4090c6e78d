"""The box in the header of every page, and its own page for phones and browsers without scripts.

What is typed is posted: it stands in no address, and so in no log and no history.
"""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.context import reading
from dashboard.find.answers import Answer, Answers, Look
from dashboard.find.finders import find, finds_people
from dashboard.web.access import sign_in_required
from dashboard.web.list_views import scope_here
from dashboard.web.lists.filters import LONGEST, TOO_LONG, too_long
from dashboard.web.pages.answers import json_time, see_other, wants_partial

#: In each group, below the box and on the page.
MOST_BELOW, MOST_ON_PAGE = 5, 20
NOTHING = Answers()

blueprint = Blueprint("find", __name__)


@blueprint.get("/find")
@sign_in_required
def show() -> ResponseReturnValue:
    return _page()


@blueprint.post("/find")
@sign_in_required
def search() -> ResponseReturnValue:
    """Answers in groups. Where the whole page was asked for, an exact match is opened at once."""
    typed = _typed()
    if len(typed) > LONGEST:
        return _page(typed, problem=TOO_LONG), 422
    answers = _find(typed, MOST_BELOW if wants_partial() else MOST_ON_PAGE)
    if answers.exact and not wants_partial():
        return see_other(answers.exact.endpoint, **answers.exact.values)
    return _page(typed, answers)


@blueprint.post("/find.json")
@sign_in_required
def search_json() -> ResponseReturnValue:
    typed = _typed()
    if len(typed) > LONGEST:
        raise too_long("q")
    answers = _find(typed, MOST_ON_PAGE)
    return {
        "groups": [
            {"label": group.label, "note": group.note, "answers": [_as_json(answer) for answer in group.answers]}
            for group in answers.groups
        ],
        "count": answers.count,
        "exact": answers.exact.address if answers.exact else None,
        "not_understood": list(answers.unknown),
    }


def _as_json(answer: Answer) -> dict[str, Any]:
    state, outcome = answer.verdict or (None, None)
    return {
        "label": answer.label,
        "about": answer.about,
        "address": answer.address,
        "at": json_time(answer.at),
        "state": state,
        "outcome": outcome,
        "is_exact": answer.is_exact,
    }


def _typed() -> str:
    """What was typed. PostgreSQL refuses NUL, and no stored text has one."""
    return request.form.get("q", "").strip().replace("\0", "\ufffd")


def _find(typed: str, most: int) -> Answers:
    with reading() as session:
        return find(Look(scope_here(session), typed, current_user.may, most))


def _page(typed: str = "", answers: Answers = NOTHING, problem: str = "") -> str:
    context: dict[str, Any] = {"typed": typed, "answers": answers, "problem": problem}
    if wants_partial():
        return render_template("find/_answers.html", **context)
    with reading() as session:
        people = finds_people(session, current_user.may)
    return render_template("find/index.html", may_find_people=people, **context)
