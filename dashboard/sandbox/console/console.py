"""The console at `/`: plain pages with the received requests, sent callbacks, switches and tables."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from dashboard.sandbox import faults
from dashboard.sandbox.console import reports
from dashboard.sandbox.console.control import refuse_other_sites
from dashboard.sandbox.delivery.callbacks import MODES as CALLBACK_MODES
from dashboard.sandbox.delivery.callbacks import CallbackSwitch
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import Refused
from dashboard.sandbox.state import current
from dashboard.sandbox.world.outcomes import NUMBER_OUTCOMES, table
from dashboard.sandbox.world.v3_decisions import ADDRESS_REASONS, AML_EXAMPLES
from dashboard.sandbox.world.v3_switch import AUTHORITIES, REFUSALS, read_v3_switch
from dashboard.sandbox.world.warnings import IN_PARAMS, SMILE_SECURE, WARNINGS, read_switch
from dashboard.smile.v3.sandbox_people import sandbox_people

console = Blueprint("console", __name__)
console.before_request(refuse_other_sites)

#: How many rows of each list the page shows.
SHOWN = 25
#: The pages: endpoint -> words.
PARTS = {
    "show": "Activity",
    "switches": "Switches",
    "outcomes": "Outcomes",
    "numbers": "Test numbers",
    "people": "Test people (v3)",
}


@console.get("/")
def show() -> Response:
    """GET /: the activity page."""
    return _page("show", "activity", **_activity())


@console.get("/_sandbox/switches")
def switches() -> Response:
    """GET /_sandbox/switches: the page with the switches for callbacks, warnings and faults."""
    return _switches()


@console.get("/_sandbox/outcomes")
def outcomes() -> Response:
    """GET /_sandbox/outcomes: the table of outcomes."""
    return _page("outcomes", "outcomes", outcomes=table())


@console.get("/_sandbox/numbers")
def numbers() -> Response:
    """GET /_sandbox/numbers: the table of test numbers."""
    return _page("numbers", "numbers", number_outcomes=NUMBER_OUTCOMES)


@console.get("/_sandbox/people")
def people() -> Response:
    """GET /_sandbox/people: the named test persons of v3."""
    return _page("people", "people", people=sandbox_people(), examples=AML_EXAMPLES, address_reasons=ADDRESS_REASONS)


@console.get("/_sandbox/activity")
def activity() -> Response:
    """GET /_sandbox/activity: the part of the activity page that refreshes itself."""
    return _private(render_template("sandbox/_activity.html", **_activity()))


@console.post("/_sandbox/console/callbacks")
def switch_callbacks() -> Response | WerkzeugResponse:
    """POST /_sandbox/console/callbacks: choose how callbacks are sent, by the form fields `mode` and `delay_seconds`.

    Wrong input shows the page again, with status 422.
    """
    mode = request.form.get("mode", "")
    try:
        delay = faults.number({"delay": _number("delay_seconds")}, "delay", 0.0, 0.0, 86_400.0)
    except Refused as error:
        return _switches(error.text)
    if mode not in CALLBACK_MODES:
        return _switches("Choose how callbacks are sent.")
    current().callbacks.switch = CallbackSwitch(mode, delay)
    return redirect(url_for("console.switches"), code=303)


@console.post("/_sandbox/console/warnings")
def switch_warnings() -> Response | WerkzeugResponse:
    """POST /_sandbox/console/warnings: choose the warnings, by the form fields `warnings` and `smile_secure`.

    Wrong input shows the page again, with status 422.
    """
    try:
        current().warnings = read_switch(request.form.getlist("warnings"), request.form.get("smile_secure"))
    except Refused as error:
        return _switches(error.text)
    return redirect(url_for("console.switches"), code=303)


@console.post("/_sandbox/console/v3")
def switch_v3() -> Response | WerkzeugResponse:
    """POST /_sandbox/console/v3: choose what goes wrong in v3, by the form fields `refusal` and `authority`.

    Wrong input shows the page again, with status 422.
    """
    try:
        current().v3 = read_v3_switch(request.form.get("refusal"), request.form.get("authority"))
    except Refused as error:
        return _switches(error.text)
    return redirect(url_for("console.switches"), code=303)


@console.post("/_sandbox/console/faults")
def add_fault() -> Response | WerkzeugResponse:
    """POST /_sandbox/console/faults: add a fault, by form fields with the names of `Fault`'s.

    Wrong input shows the page again, with status 422.
    """
    body = {
        "path": request.form.get("path", "").strip(),
        "mode": request.form.get("mode", ""),
        "status": _number("status"),
        "delay_seconds": _number("delay_seconds"),
        "times": _number("times"),
    }
    try:
        current().faults.add(faults.read_fault(body))
    except Refused as error:
        return _switches(error.text)
    return redirect(url_for("console.switches"), code=303)


@console.post("/_sandbox/console/faults/clear")
def clear_faults() -> WerkzeugResponse:
    """POST /_sandbox/console/faults/clear: remove all faults."""
    current().faults.clear()
    return redirect(url_for("console.switches"), code=303)


def _switches(problem: str = "") -> Response:
    response = _page(
        "switches",
        "switches",
        problem=problem,
        switch=current().callbacks.switch,
        callback_modes=CALLBACK_MODES,
        faults=current().faults.listed(),
        fault_modes=faults.MODES,
        warning_names=list(WARNINGS),
        warning_switch=current().warnings,
        warnings_in_params=IN_PARAMS,
        smile_secure_results=SMILE_SECURE,
        v3_switch=current().v3,
        v3_refusals=REFUSALS,
        v3_authorities=AUTHORITIES,
    )
    response.status_code = 422 if problem else 200
    return response


def _page(part: str, template: str, **context: Any) -> Response:
    page = render_template(f"sandbox/{template}.html", parts=PARTS, part=part, settings=current().settings, **context)
    return _private(page)


def _activity() -> Json:
    sandbox = current()
    jobs = list(reports.jobs(sandbox).values())
    callbacks = [_callback(job["job_id"], sent) for job in jobs for sent in job["callbacks"]]
    callbacks.sort(key=lambda sent: str(sent["last"]), reverse=True)
    return {
        "jobs": jobs[: -SHOWN - 1 : -1],
        "job_count": len(jobs),
        "callbacks": callbacks[:SHOWN],
        "requests": reports.requests(sandbox)[: -SHOWN - 1 : -1],
    }


def _callback(job_id: str, sent: Json) -> Json:
    answers = [str(attempt["status"] or attempt["error"]) for attempt in sent["attempts"]]
    text = ", ".join(answers) or "waiting"
    if answers and sent["next_attempt_at"]:
        text += f"; again at {sent['next_attempt_at'][11:19]} UTC"
    return {
        "job_id": job_id,
        "host": urlsplit(sent["url"]).netloc,
        "mode": sent["mode"],
        "result_code": sent["result_code"],
        "answers": text,
        "last": sent["attempts"][-1]["at"] if answers else sent["next_attempt_at"],
    }


def _number(name: str) -> float | str | None:
    text = request.form.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        # read_fault reports it.
        return text


def _private(page: str) -> Response:
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
