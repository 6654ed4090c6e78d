"""The consent flow for BVN: list the contacts, send a one-time password, and confirm it for a session."""

import secrets

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, Refused
from dashboard.sandbox.state import current

consent = Blueprint("consent", __name__)

#: Masked as the register masks them.
_MODES = [{"sms": "080*****000"}, {"email": "a***@example.com"}]


@consent.post("/v1/totp_consent")
def begin() -> Response:
    """POST /v1/totp_consent: open a session and list the contacts that can receive a one-time password.

    Takes `country`, `id_type`, `id_number`. Returns `success`, `message`, `modes` (masked contacts) and `session_id`.
    Raises Refused (2203, 2204, 2205, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    body = _authenticated()
    fields.text(body, "country")
    fields.text(body, "id_type")
    session_id = secrets.token_hex(16)
    with current().store.lock:
        current().store.verified_sessions[session_id] = {
            "id_number": fields.text(body, "id_number"),
            "mode": "",
            "verified": False,
        }
    return jsonify({"success": True, "message": "Choose a contact", "modes": _MODES, "session_id": session_id})


@consent.post("/v1/totp_consent/mode")
def choose_mode() -> Response:
    """POST /v1/totp_consent/mode: choose the contact that receives the one-time password.

    Takes `session_id` and `mode` ("sms" or "email"). Returns `success` and `message`.
    Raises Refused (2203, 2204, 2205, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    body = _authenticated()
    session = _session(body)
    mode = fields.text(body, "mode")
    if not any(mode in way for way in _MODES):
        raise Refused(MISSING, "Error - mode is none of the offered contacts")
    session["mode"] = mode
    return jsonify({"success": True, "message": f"A code was sent by {mode}"})


@consent.post("/v1/totp_consent/otp")
def confirm() -> Response:
    """POST /v1/totp_consent/otp: confirm the session with the one-time password.

    Takes `session_id` and `otp`. Returns `success` and `message`.
    Raises Refused (2203, 2204, 2205, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    body = _authenticated()
    session = _session(body)
    if not session["mode"] or fields.text(body, "otp") != current().settings.one_time_password:
        raise Refused(MISSING, "Error - the code is wrong")
    session["verified"] = True
    return jsonify({"success": True, "message": "The code is right"})


def _authenticated() -> Json:
    body = fields.json_body()
    authentication.by_signature_or_token(body, "partner_id")
    return body


def _session(body: Json) -> Json:
    session = current().store.verified_sessions.get(fields.text(body, "session_id"))
    if session is None:
        raise Refused(MISSING, "Error - no such session_id")
    return session
