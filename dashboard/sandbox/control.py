"""/_sandbox: how tests and people steer the simulator and look inside it. No part of Smile ID's API."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields, reports
from dashboard.sandbox.callbacks import MODES, CallbackSwitch
from dashboard.sandbox.faults import number, read_fault
from dashboard.sandbox.fields import Json
from dashboard.sandbox.keys import legacy_api_key
from dashboard.sandbox.mobile import auth_token
from dashboard.sandbox.portal import spent
from dashboard.sandbox.refusals import UNAUTHORIZED, WRONG_TYPE, Refused
from dashboard.sandbox.state import current

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


@control.post("/wallet")
def set_wallet() -> Response:
    """What the wallet holds from now on, less what jobs to come will cost."""
    sandbox = current()
    balance = number(fields.json_body(), "balance", sandbox.settings.wallet_balance, -1e9, 1e9)
    sandbox.wallet_balance = balance + spent(sandbox)
    return jsonify({"balance": balance})


@control.get("/requests.json")
def requests_json() -> Response:
    return jsonify(reports.requests(current()))


@control.get("/jobs.json")
def jobs_json() -> Response:
    return jsonify(reports.jobs(current()))


@control.get("/outcomes.json")
def outcomes_json() -> Response:
    return jsonify(reports.outcomes())


def _switch() -> Json:
    switch = current().callbacks.switch
    return {"mode": switch.mode, "delay_seconds": switch.delay_seconds}
