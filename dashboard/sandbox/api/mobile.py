"""POST /v1/auth_smile: how Smile's phone apps get a signature without holding the API key."""

import hmac

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.refusals import UNAUTHORIZED, Refused
from dashboard.sandbox.state import Sandbox, current

mobile = Blueprint("mobile", __name__)


def auth_token(sandbox: Sandbox) -> str:
    """The token that a phone app of this partner carries."""
    return sandbox.signer.secret("mobile").hex()


@mobile.post("/v1/auth_smile")
def authenticate() -> Response:
    """POST /v1/auth_smile: a signature and consent information for a phone app.

    Takes `auth_token`, `partner_id`, `job_type`, and optionally `user_id`, `job_id`, `country` and `id_type`.
    Returns `success`, `signature`, `timestamp`, `policy`, `partner_params`, `callback_url` and `consent_info`.
    Raises Refused (2203, 2204, 2205, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    sandbox = current()
    body = fields.json_body()
    given = fields.text(body, "auth_token")
    authentication.check_partner(fields.text(body, "partner_id"))
    if not hmac.compare_digest(given.encode("utf-8", "replace"), auth_token(sandbox).encode()):
        raise Refused(UNAUTHORIZED)
    country, id_type = fields.optional_text(body, "country"), fields.optional_text(body, "id_type")
    params = {
        "user_id": fields.optional_text(body, "user_id"),
        "job_id": fields.optional_text(body, "job_id"),
        "job_type": fields.job_type(body),
    }
    needs_consent = (country, id_type) in sandbox.settings.consent_id_types
    return jsonify(
        {
            "success": True,
            **sandbox.signer.fresh(legacy=False),
            "policy": None,
            "partner_params": params,
            "callback_url": sandbox.settings.default_callback_url,
            "consent_info": {"can_access": True, "consent_required": needs_consent},
        }
    )
