"""POST /v1/token: the web tokens that hosted pages present instead of a signature."""

import time

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import authentication, fields
from dashboard.sandbox.jwt import mint
from dashboard.sandbox.refusals import INVALID_PRODUCT, Refused
from dashboard.sandbox.state import current

#: Every product name that a source of the vendor's lists, and the job type its token carries.
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
    """https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration"""
    body = fields.json_body()
    authentication.by_signature(body, "partner_id")
    person = {"user_id": fields.text(body, "user_id"), "job_id": fields.text(body, "job_id")}
    job_type = JOB_TYPE_OF_PRODUCT.get(fields.text(body, "product"))
    if job_type is None:
        raise Refused(INVALID_PRODUCT)
    fields.text(body, "callback_url")
    now = int(time.time())
    claims = {
        "partner_params": {**person, "job_type": job_type},
        "callback_url": fields.callback_url(body),
        "iat": now,
        "exp": now + int(current().settings.token_lifetime_seconds),
    }
    return jsonify({"success": True, "token": mint(claims, current().signer.secret("web token"))})
