"""AML screening, synchronous, and address verification through a callback."""

import secrets

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.api.processing import answer_at_once, work_later
from dashboard.sandbox.api.uploads import new_job
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, WRONG_TYPE, Refused
from dashboard.sandbox.state import current
from dashboard.smile.constants import JobType

screening = Blueprint("screening", __name__)

_LISTED_PERSON = {
    "name": "Joe Doe",
    "aliases": [],
    "associates": [],
    "addresses": [],
    "date_of_birth": "1989-01-20",
    "nationalities": ["NG"],
    "pep": {"count": 1, "political_positions": [], "sources": []},
    "sanctions": [],
    "adverse_media": {"count": 0, "sources": []},
}


@screening.post("/v1/aml")
def aml() -> Response:
    """POST /v1/aml: search a person on watch lists (job type 10).

    Takes `user_id`, `job_id`, and either `search_existing_user` or `full_name`, `countries` (a list) and `birth_year`.
    Returns the signed result with `no_of_persons_found` and `people`.
    Raises Refused (2203, 2204, 2205, 2213, 2215).

    https://docs.usesmileid.com/products/for-individuals-kyc/aml-check
    """
    sandbox = current()
    body = fields.json_body()
    caller = authentication.by_signature(body, "partner_id")
    fields.source_sdk(body, sandbox.settings.require_source_sdk and not caller.legacy)
    params = _params(body, JobType.AML_CHECK)
    if not fields.flag(body, "search_existing_user"):
        fields.text(body, "full_name")
        if not isinstance(body.get("countries"), list) or not body["countries"]:
            raise Refused(MISSING, "Error - A required parameter is missing: countries")
        if not str(body.get("birth_year") or "").isdigit():
            raise Refused(WRONG_TYPE, "Error - birth_year is of the wrong data type: year expected")
    with sandbox.store.lock:
        job = new_job(sandbox, params, "aml", "", caller)
        job.charged = 1
        sandbox.store.save(job)
        entry = answer_at_once(sandbox, job)
    people = [_LISTED_PERSON] if entry["ResultCode"] == "1030" else []
    found = {"no_of_persons_found": len(people), "people": people}
    return jsonify(entry | found | sandbox.signer.fresh(caller.legacy))


@screening.post("/v1/async-verify-address")
def address() -> Response:
    """POST /v1/async-verify-address: verify an address, with the result in a callback.

    Takes `country`, `address`, `full_name`, `callback_url`, and `utility_number` and `utility_provider` (Nigeria) or
    `id_number` (South Africa). Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2213, 2215).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/smile-identity-core-ruby
    """
    sandbox = current()
    body = fields.json_body()
    caller = authentication.by_headers()
    country = fields.text(body, "country")
    for name in ("address", "full_name", "callback_url"):
        fields.text(body, name)
    for name in {"NG": ("utility_number", "utility_provider"), "ZA": ("id_number",)}.get(country, ()):
        fields.text(body, name)
    params = {"user_id": f"user-{secrets.token_hex(8)}", "job_id": f"job-{secrets.token_hex(8)}", "job_type": 12}
    params = fields.partner_params(params | fields.mapping(body, "partner_params"))
    with sandbox.store.lock:
        job = new_job(sandbox, params, "address_verification", fields.callback_url(body), caller)
        job.charged = 1
        work_later(sandbox, job)
    return jsonify({"success": True})


def _params(body: Json, job_type: JobType) -> Json:
    given: Json = {name: body[name] for name in ("user_id", "job_id") if name in body}
    return fields.partner_params({"job_type": int(job_type), **fields.mapping(body, "partner_params"), **given})
