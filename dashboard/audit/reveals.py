"""The form that asks for a reason before a reveal, shared by all pages that reveal something."""

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from dashboard.audit.reasons import REASONS, Reason
from dashboard.web.pages.answers import render_page_or_partial

blueprint = Blueprint("reveals", __name__)


@blueprint.app_template_global()
def reveal_reasons() -> dict[str, str]:
    return REASONS


def ask_reason_again(
    reason: Reason, button: str, back: str, element_id: str = "", region: str = ""
) -> ResponseReturnValue:
    """Shows the form again with its problem.

    `element_id`: the element that contained the form. `region`: what a reveal would have replaced.
    """
    context = {"reason": reason, "button": button, "back": back, "element_id": element_id, "region": region}
    page = render_page_or_partial("shared/reveal_again.html", "shared/_reveal_again.html", **context)
    answer = make_response(page, 422)
    if region:
        answer.headers.update({"HX-Retarget": f"#{element_id}", "HX-Reswap": "innerHTML"})
    return answer
