"""POST /v1/token: the web tokens that hosted pages present instead of a signature."""

import time

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.fields import Json
from dashboard.sandbox.jwt import mint
from dashboard.sandbox.refusals import INVALID_PRODUCT, Refused
from dashboard.sandbox.state import current

#: The product names of all of Smile's sources, and the job types of their tokens. A setting decides about
#: `document_verification`.
JOB_TYPE_OF_PRODUCT = {
    "authentication": 2,
    "basic_kyc": 5,
    "biometric_kyc": 1,
    "doc_verification": 6,
    "document_verification": 6,
    "e_signature": 12,
    "ekyc_smartselfie": 1,
    "enhanced_document_verification": 11,
    "enhanced_kyc": 5,
    "identity_verification": 5,
    "smartselfie": 4,
}

web_tokens = Blueprint("web_tokens", __name__)


@web_tokens.post("/v1/token")
def create() -> Response:
    """POST /v1/token: a web token for one job of one product.

    Takes `user_id`, `job_id`, `product` and `callback_url`. Returns `success` and `token`.
    Raises Refused (2203, 2204, 2205, 2213, 2217 for an unknown product).

    https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration
    """
    body = fields.json_body()
    authentication.by_signature(body, "partner_id")
    person = {"user_id": fields.text(body, "user_id"), "job_id": fields.text(body, "job_id")}
    product = fields.text(body, "product")
    job_type = JOB_TYPE_OF_PRODUCT.get(product)
    is_disputed = product == "document_verification" and not current().settings.token_for_document_verification
    if job_type is None or is_disputed:
        raise Refused(INVALID_PRODUCT)
    fields.text(body, "callback_url")
    token = new_token({**person, "job_type": job_type}, fields.callback_url(body))
    return jsonify({"success": True, "token": token})


def new_token(partner_params: Json, callback_url: str, **more: str) -> str:
    """A signed web token that lives for `token_lifetime_seconds`.

    partner_params: `user_id`, `job_id`, `job_type`. more: claims that Smile's tokens do not have.
    """
    sandbox = current()
    now = int(time.time())
    claims = {
        "partner_params": partner_params,
        "callback_url": callback_url,
        "iat": now,
        "exp": now + int(sandbox.settings.token_lifetime_seconds),
        **more,
    }
    return mint(claims, sandbox.signer.secret("web token"))
