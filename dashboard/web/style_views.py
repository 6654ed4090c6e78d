"""The style page, which only the demo has: every shared part of the pages once, in every state."""

from datetime import timedelta
from types import SimpleNamespace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField

from dashboard.db import utc_now
from dashboard.health_checks import bad, ok, unknown, unset, warn
from dashboard.web.access import sign_in_required
from dashboard.web.pages.form_state import FormState

blueprint = Blueprint("style", __name__)

STATES = ("awaiting_customer", "queued", "submitting", "waiting", "failed", "expired", "cancelled", "unclear")
OUTCOMES = ("approved", "rejected", "provisional", "attention", "error", "unknown")
VERDICTS = ("valid", "wrong", "missing", "stale", "future", "reused", "reflected")


class SampleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    plain = StringField("A text", description="What is expected here, with an example.")
    wrong = StringField("A text with an error")
    chosen = SelectField("A choice", choices={"ng": "Nigeria", "ke": "Kenya"})
    ticked = BooleanField("A tick")


@blueprint.get("/style")
@sign_in_required
def show() -> ResponseReturnValue:
    form = SampleForm(formdata=None, ticked=True)
    form.wrong.errors = ["Type something that fits."]
    return render_template(
        "style/show.html",
        states=STATES,
        outcomes=OUTCOMES,
        verdicts=VERDICTS,
        sample_form=form,
        form=FormState({"ok": "typed", "bad": "typed"}, {"bad": "This does not fit."}, {"odd": "This looks unusual."}),
        **_samples(),
    )


def _samples() -> dict[str, object]:
    now = utc_now()
    findings = [ok("It works."), unset("It is not set up."), unknown("Nothing is known.")]
    findings += [warn("It is old.", "Renew it."), bad("It is broken.", "Fix it.")]
    empty = SimpleNamespace(is_empty=True, nouns=("job", "jobs"), endpoint="jobs.index", in_words="", in_clear={})
    none_fits = SimpleNamespace(
        **vars(empty) | {"is_empty": False, "in_words": "approved", "in_clear": {"outcome": ""}}
    )
    done = SimpleNamespace(submitted_at=now, settled_at=now, outcome="approved")
    return {
        "now": now,
        "earlier": now - timedelta(days=40, minutes=7),
        "filters": (empty, none_fits),
        "duties": [SimpleNamespace(name=finding.state.value.capitalize(), finding=finding) for finding in findings],
        "state_words": {finding.state: finding.state.value for finding in findings},
        "proof": [
            SimpleNamespace(passed=passed, is_erased=is_erased, text=text)
            for passed, is_erased, text in (
                (True, False, "The signature fits key 2."),
                (False, False, "The timestamp is 3 hours old."),
                (None, False, "Smile was not asked."),
                (None, True, "The body was erased."),
            )
        ],
        "links": (
            ("created", SimpleNamespace(created_at=now, opened_at=None, started_at=None), SimpleNamespace()),
            ("started", SimpleNamespace(created_at=now, opened_at=now, started_at=now), SimpleNamespace()),
            ("result", SimpleNamespace(created_at=now, opened_at=now, started_at=now), done),
        ),
    }
