"""/_sandbox: how tests and people steer the simulator and look inside it. No part of Smile ID's API."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api.mobile import auth_token
from dashboard.sandbox.api.portal import spent
from dashboard.sandbox.console import reports
from dashboard.sandbox.delivery.callbacks import MODES, CallbackSwitch
from dashboard.sandbox.faults import number, read_fault
from dashboard.sandbox.fields import Json
from dashboard.sandbox.keys import legacy_api_key
from dashboard.sandbox.refusals import UNAUTHORIZED, WRONG_TYPE, Refused
from dashboard.sandbox.state import current
from dashboard.sandbox.world.warnings import SMILE_SECURE, read_switch, smile_secure_result

control = Blueprint("control", __name__, url_prefix="/_sandbox")


@control.before_request
def refuse_other_sites() -> None:
    """A page of another site, open in the same browser, must not steer the simulator."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused(UNAUTHORIZED, "Only the simulator's own pages may do this", 403)


@control.get("/credentials.json")
def credentials() -> Response:
    sandbox = current()
    return jsonify(
        {
            "partner_id": sandbox.settings.partner_id,
            "api_key": sandbox.settings.api_key,
            "legacy_api_key": legacy_api_key(sandbox.signer.legacy_key),
            "auth_token": auth_token(sandbox),
        }
    )


@control.get("/faults")
def faults() -> Response:
    return jsonify({"faults": current().faults.listed()})


@control.post("/faults")
def add_fault() -> Response:
    current().faults.add(read_fault(fields.json_body()))
    return jsonify({"faults": current().faults.listed()})


@control.delete("/faults")
def clear_faults() -> Response:
    current().faults.clear()
    return jsonify({"faults": []})


@control.get("/callbacks")
def callbacks() -> Response:
    return jsonify(_switch())


@control.post("/callbacks")
def switch_callbacks() -> Response:
    body = fields.json_body()
    mode = fields.optional_text(body, "mode") or "normal"
    if mode not in MODES:
        raise Refused(WRONG_TYPE, f"mode must be one of {', '.join(MODES)}")
    current().callbacks.switch = CallbackSwitch(mode, number(body, "delay_seconds", 0.0, 0.0, 86_400.0))
    return jsonify(_switch())


@control.get("/warnings")
def warnings() -> Response:
    return jsonify(_warnings())


@control.post("/warnings")
def switch_warnings() -> Response:
    """`warnings` names what answers warn of from now on, `smile_secure` what its own callback says; empty: nothing."""
    body = fields.json_body()
    current().warnings = read_switch(body.get("warnings", []), body.get("smile_secure"))
    return jsonify(_warnings())


@control.post("/smile-secure")
def call_back_about_duplicates() -> Response:
    """Smile Secure's own callback about a job that is there, sent at once."""
    sandbox, body = current(), fields.json_body()
    job_id, result = fields.text(body, "job_id"), fields.text(body, "result")
    if result not in SMILE_SECURE:
        raise Refused(WRONG_TYPE, f"result must be one of {', '.join(SMILE_SECURE)}")
    with sandbox.store.lock:
        job = sandbox.store.jobs.get(job_id)
        if job is None:
            raise Refused(WRONG_TYPE, "There is no job with this job_id", 404)
        entry = smile_secure_result(job, result, sandbox.store)
        sandbox.callbacks.send_apart(job, entry)
        sandbox.store.save(job)
    return jsonify(entry)


@control.post("/wallet")
def set_wallet() -> Response:
    """What the wallet holds from now on, less what jobs to come will cost."""
    sandbox = current()
    balance = number(fields.json_body(), "balance", sandbox.settings.wallet_balance, -1e9, 1e9)
    sandbox.wallet_balance = balance + spent(sandbox)
    return jsonify({"balance": balance})


@control.post("/clock")
def set_clock() -> Response:
    """`ahead_seconds`: how far the clock that requests are held against, and the Date of answers, are ahead of this
    machine's from now on. Below 0 they are behind. Whoever signs with this machine's clock is refused from 300 on."""
    sandbox = current()
    sandbox.clock_ahead_seconds = number(fields.json_body(), "ahead_seconds", 0.0, -1e6, 1e6)
    return jsonify({"ahead_seconds": sandbox.clock_ahead_seconds})


@control.get("/requests.json")
def requests_json() -> Response:
    return jsonify(reports.requests(current()))


@control.get("/jobs.json")
def jobs_json() -> Response:
    return jsonify(reports.jobs(current()))


@control.get("/outcomes.json")
def outcomes_json() -> Response:
    return jsonify(reports.outcomes())


def _warnings() -> Json:
    switch = current().warnings
    return {"warnings": list(switch.names), "smile_secure": switch.smile_secure or None}


def _switch() -> Json:
    switch = current().callbacks.switch
    return {"mode": switch.mode, "delay_seconds": switch.delay_seconds}
