"""Lookups without images: Enhanced and Basic KYC, Business Verification; synchronous or through a callback."""

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication, lookups
from dashboard.sandbox.api.processing import answer_at_once, work_later
from dashboard.sandbox.api.uploads import job_params, new_job
from dashboard.sandbox.refusals import INVALID_JOB_TYPE, MISSING, Refused
from dashboard.sandbox.state import current

id_api = Blueprint("id_api", __name__)


@id_api.post("/v1/id_verification")
def enhanced_kyc() -> Response:
    """POST /v1/id_verification: Enhanced KYC, answered with the result.

    Takes `partner_params` (job type 5), `country`, `id_type`, `id_number` and what the ID type needs.
    Returns the signed result; "not found" and the like are results.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215).

    https://docs.usesmileid.com/products/for-individuals-kyc/identity-lookup
    """
    return _lookup("enhanced_kyc", wait=False)


@id_api.post("/v1/async_id_verification")
def enhanced_kyc_later() -> Response:
    """POST /v1/async_id_verification: Enhanced KYC, with the result in a callback.

    Takes the fields of `enhanced_kyc` and `callback_url`. Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215).

    https://docs.usesmileid.com/products/for-individuals-kyc/identity-lookup
    """
    return _lookup("enhanced_kyc", wait=True)


@id_api.post("/v2/verify")
def basic_kyc() -> Response:
    """POST /v2/verify: Basic KYC, answered with the result.

    Takes the fields of `enhanced_kyc`. Returns the signed result; its `Actions` compare each detail.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215).

    https://docs.usesmileid.com/products/for-individuals-kyc/basic-kyc
    """
    return _lookup("basic_kyc", wait=False)


@id_api.post("/v2/verify_async")
def basic_kyc_later() -> Response:
    """POST /v2/verify_async: Basic KYC, with the result in a callback.

    Takes the fields of `enhanced_kyc` and `callback_url`. Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215).

    https://docs.usesmileid.com/products/for-individuals-kyc/basic-kyc
    """
    return _lookup("basic_kyc", wait=True)


@id_api.post("/v1/business_verification")
def business() -> Response:
    """POST /v1/business_verification: Business Verification, answered with the result.

    Takes `partner_params` (job type 7), `country`, `id_type`, `id_number`, `business_type` (Nigerian registrations),
    `postal_address` and `postal_code` (Kenyan ones). Returns the signed result.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215, 2413).

    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """
    return _lookup("business_verification", wait=False)


@id_api.post("/v1/async_business_verification")
def business_later() -> Response:
    """POST /v1/async_business_verification: Business Verification, with the result in a callback.

    Takes the fields of `business` and `callback_url`. Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2212, 2213, 2215, 2413).

    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """
    return _lookup("business_verification", wait=True)


def _lookup(product: str, wait: bool) -> Response:
    sandbox = current()
    body = fields.json_body()
    caller = authentication.by_signature_or_token(body, "partner_id")
    params = job_params(body, caller)
    fields.source_sdk(body, sandbox.settings.require_source_sdk and not caller.legacy)
    is_business = product == "business_verification"
    if fields.job_type(params) != (7 if is_business else 5):
        raise Refused(INVALID_JOB_TYPE, business=is_business)
    id_info = lookups.business_lookup(body) if is_business else lookups.personal_lookup(body, product)
    callback_url = fields.callback_url(body) or str(caller.claims.get("callback_url") or "")
    if wait and not (callback_url or sandbox.settings.default_callback_url):
        raise Refused(MISSING, "Error - A required parameter is missing: callback_url")
    with sandbox.store.lock:
        job = new_job(sandbox, params, product, callback_url, caller)
        job.id_info = id_info
        job.charged = 1
        sandbox.store.save(job)
        authentication.spend_token(caller)
        if wait:
            work_later(sandbox, job)
            return jsonify({"success": True})
        entry = answer_at_once(sandbox, job)
    return jsonify(entry | sandbox.signer.fresh(caller.legacy))
