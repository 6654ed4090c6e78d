"""HTTP glue for every "reveal": the form that asks why, and the form again where no reason was given."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from dashboard.audit.reasons import REASONS, Reason
from dashboard.web.pages import render_page_or_partial

blueprint = Blueprint("reveals", __name__)


@blueprint.app_template_global()
def reveal_reasons() -> dict[str, str]:
    return REASONS


def ask_again(reason: Reason, button: str, back: str, element_id: str = "") -> ResponseReturnValue:
    """`element_id`: what the form stood in, for the answer to take its place there."""
    context = {"reason": reason, "button": button, "back": back, "element_id": element_id}
    return render_page_or_partial("shared/reveal_again.html", "shared/_reveal_again.html", **context), 422
