"""/_sandbox: JSON endpoints for tests and people to control and inspect the simulator; not part of Smile ID's API."""

from dataclasses import asdict
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api.mobile import auth_token
from dashboard.sandbox.api.portal import money_spent
from dashboard.sandbox.console import reports
from dashboard.sandbox.delivery.callbacks import MODES, CallbackSwitch
from dashboard.sandbox.faults import number, read_fault
from dashboard.sandbox.fields import Json
from dashboard.sandbox.keys import legacy_api_key
from dashboard.sandbox.refusals import UNAUTHORIZED, WRONG_TYPE, Refused
from dashboard.sandbox.state import current
from dashboard.sandbox.v3.processing import monitoring_update
from dashboard.sandbox.world.v3_switch import read_v3_switch
from dashboard.sandbox.world.warnings import SMILE_SECURE, read_switch, smile_secure_result

control = Blueprint("control", __name__, url_prefix="/_sandbox")


@control.before_request
def refuse_other_sites() -> None:
    """Keep pages of other sites, open in the same browser, from controlling the simulator.

    Raises Refused (2205 with status 403) if the Origin is another host.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused(UNAUTHORIZED, "Only the simulator's own pages may do this", 403)


@control.get("/credentials.json")
def credentials() -> Response:
    """GET /_sandbox/credentials.json: `partner_id`, `api_key`, `legacy_api_key` and `auth_token`."""
    sandbox = current()
    return jsonify(
        {
            "partner_id": sandbox.settings.partner_id,
            "api_key": sandbox.signer.api_keys[0],
            "legacy_api_key": legacy_api_key(sandbox.signer.legacy_key),
            "auth_token": auth_token(sandbox),
        }
    )


@control.post("/keys")
def add_key() -> Response:
    """POST /_sandbox/keys: sign with another API key from now on; requests may use this one and all earlier ones.

    Takes `api_key`. Returns how many `keys` there are.
    Raises Refused (2203, 2204, 2213).
    """
    api_key = fields.json_body().get("api_key")
    if not isinstance(api_key, str) or not api_key:
        raise Refused(WRONG_TYPE, "api_key must be a text")
    keys = current().signer.api_keys
    keys[:] = [api_key, *(key for key in keys if key != api_key)]
    return jsonify({"keys": len(keys)})


@control.get("/faults")
def faults() -> Response:
    """GET /_sandbox/faults: the active faults, as `faults`."""
    return jsonify({"faults": current().faults.listed()})


@control.post("/faults")
def add_fault() -> Response:
    """POST /_sandbox/faults: add a fault, with the fields of `Fault`. Returns all, as `faults`.

    Raises Refused (2203, 2204, 2213).
    """
    current().faults.add(read_fault(fields.json_body()))
    return jsonify({"faults": current().faults.listed()})


@control.delete("/faults")
def clear_faults() -> Response:
    """DELETE /_sandbox/faults: remove all faults."""
    current().faults.clear()
    return jsonify({"faults": []})


@control.get("/callbacks")
def callbacks() -> Response:
    """GET /_sandbox/callbacks: how callbacks are sent, as `mode` and `delay_seconds`."""
    return jsonify(_switch())


@control.post("/callbacks")
def switch_callbacks() -> Response:
    """POST /_sandbox/callbacks: choose how callbacks are sent, by `mode` and `delay_seconds`.

    Raises Refused (2203, 2204).
    """
    body = fields.json_body()
    mode = fields.optional_text(body, "mode") or "normal"
    if mode not in MODES:
        raise Refused(WRONG_TYPE, f"mode must be one of {', '.join(MODES)}")
    current().callbacks.switch = CallbackSwitch(mode, number(body, "delay_seconds", 0.0, 0.0, 86_400.0))
    return jsonify(_switch())


@control.get("/warnings")
def warnings() -> Response:
    """GET /_sandbox/warnings: the warnings of all jobs, as `warnings` and `smile_secure`."""
    return jsonify(_warnings())


@control.post("/warnings")
def switch_warnings() -> Response:
    """POST /_sandbox/warnings: choose the warnings of all jobs from now on.

    Takes `warnings` (a list of names, by default empty) and `smile_secure` (its result, by default none).
    Raises Refused (2203, 2204).
    """
    body = fields.json_body()
    current().warnings = read_switch(body.get("warnings", []), body.get("smile_secure"))
    return jsonify(_warnings())


@control.post("/smile-secure")
def call_back_about_duplicates() -> Response:
    """POST /_sandbox/smile-secure: send Smile Secure's separate callback about an existing job at once.

    Takes `job_id` and `result` ("none", "suspects" or "failed"). Returns the unsigned body.
    Raises Refused (2203, 2204, 2213; 2204 with status 404 for an unknown job).
    """
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


@control.get("/v3")
def v3() -> Response:
    """GET /_sandbox/v3: what goes wrong in v3 by choice, as `refusal` and `authority`."""
    return jsonify(asdict(current().v3))


@control.post("/v3")
def switch_v3() -> Response:
    """POST /_sandbox/v3: choose the refusal of every submission, and how the ID authority answers at once.

    Takes `refusal` (a key of REFUSALS, by default none) and `authority` (one of AUTHORITIES).
    Raises Refused (2203, 2204).
    """
    body = fields.json_body()
    current().v3 = read_v3_switch(body.get("refusal"), body.get("authority"))
    return jsonify(asdict(current().v3))


@control.post("/monitoring")
def update_monitoring() -> Response:
    """POST /_sandbox/monitoring: send an update of AML monitoring to the default callback address at once.

    Takes `job_id`. Returns the body.
    Raises Refused (2203, 2204, 2213; 2204 with status 404 for a job that monitors nobody).
    """
    body = monitoring_update(current(), fields.text(fields.json_body(), "job_id"))
    if body is None:
        raise Refused(WRONG_TYPE, "There is no monitoring with this job_id", 404)
    return jsonify(body)


@control.post("/wallet")
def set_wallet() -> Response:
    """POST /_sandbox/wallet: set the balance of the wallet, in its currency; later jobs reduce it.

    Takes and returns `balance`.
    Raises Refused (2203, 2204).
    """
    sandbox = current()
    balance = number(fields.json_body(), "balance", sandbox.settings.wallet_balance, -1e9, 1e9)
    sandbox.wallet_balance = balance + money_spent(sandbox)
    return jsonify({"balance": balance})


@control.post("/clock")
def set_clock() -> Response:
    """POST /_sandbox/clock: set how far the simulator's clock is ahead of the machine's.

    Takes and returns `ahead_seconds`, negative if the clock is behind. The clock decides about the age of timestamps
    and the Date of answers.
    Raises Refused (2203, 2204).
    """
    sandbox = current()
    sandbox.clock_ahead_seconds = number(fields.json_body(), "ahead_seconds", 0.0, -1e6, 1e6)
    return jsonify({"ahead_seconds": sandbox.clock_ahead_seconds})


@control.get("/requests.json")
def requests_json() -> Response:
    """GET /_sandbox/requests.json: the received requests, oldest first."""
    return jsonify(reports.requests(current()))


@control.get("/jobs.json")
def jobs_json() -> Response:
    """GET /_sandbox/jobs.json: all jobs, by job_id."""
    return jsonify(reports.jobs(current()))


@control.get("/outcomes.json")
def outcomes_json() -> Response:
    """GET /_sandbox/outcomes.json: the table of outcomes."""
    return jsonify(reports.outcomes())


def _warnings() -> Json:
    switch = current().warnings
    return {"warnings": list(switch.names), "smile_secure": switch.smile_secure or None}


def _switch() -> Json:
    switch = current().callbacks.switch
    return {"mode": switch.mode, "delay_seconds": switch.delay_seconds}
