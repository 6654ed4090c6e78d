"""The synchronous SmartSelfie of phone apps: enrol or authenticate with one multipart request."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication, enrolment
from dashboard.sandbox.api.processing import answer_at_once
from dashboard.sandbox.api.uploads import new_job
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, Refused
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import current
from dashboard.sandbox.world.outcomes import PRODUCT_OF_JOB_TYPE
from dashboard.smile.constants import JobType

smart_selfie = Blueprint("smart_selfie", __name__)

_STATUS = {"0": "approved", "1": "rejected", "2": "pending"}


@smart_selfie.post("/v2/smart-selfie-enroll")
def enrol() -> Response:
    """POST /v2/smart-selfie-enroll: enrol a user by selfie.

    Takes the parts `selfie_image`, `liveness_images`, `user_id`, and optionally `partner_params` (JSON),
    `callback_url`, `sandbox_result` and `allow_new_enroll`.
    Returns `code`, `message`, `status`, `job_id`, `job_type`, `user_id`, `partner_id`, `partner_params`, `created_at`
    and `updated_at` (ISO 8601, UTC).
    Raises Refused (2203, 2204, 2205, 2207, 2208, 2209, 2213, 2215).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    return _answer(JobType.SMARTSELFIE_REGISTRATION)


@smart_selfie.post("/v2/smart-selfie-authentication")
def authenticate() -> Response:
    """POST /v2/smart-selfie-authentication: compare a selfie with the enrolled one.

    Takes the parts and returns the fields of `enrol`.
    Raises Refused (2203, 2204, 2205, 2207, 2208, 2210, 2211, 2213, 2215).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    return _answer(JobType.SMARTSELFIE_AUTHENTICATION)


def _answer(job_type: JobType) -> Response:
    sandbox = current()
    caller = authentication.by_headers()
    params = _params(job_type)
    selfie = request.files.get("selfie_image")
    if selfie is None or not request.files.getlist("liveness_images"):
        raise Refused(MISSING, "Error - selfie_image and liveness_images are required")
    allow = request.form.get("allow_new_enroll") == "true"
    with sandbox.store.lock:
        enrolment.check(sandbox, params["user_id"], job_type, use_enrolled_image=False, allow_new_enroll=allow)
        product = PRODUCT_OF_JOB_TYPE[job_type]
        job = new_job(sandbox, params, product, request.form.get("callback_url", ""), caller)
        job.charged = 1
        job.images = ["selfie_image"]
        sandbox.store.put_blob(job.job_id, "selfie_image", selfie.read())
        sandbox.store.save(job)
        entry = answer_at_once(sandbox, job)
    now = iso(datetime.now(UTC))
    return jsonify(
        {
            "code": entry["ResultCode"],
            "created_at": now,
            "job_id": job.job_id,
            "job_type": product.replace("smartselfie", "smart_selfie"),
            "message": entry["ResultText"],
            "partner_id": sandbox.settings.partner_id,
            "partner_params": params,
            "status": _STATUS[params.get("sandbox_result") or "0"],
            "updated_at": now,
            "user_id": job.user_id,
        }
    )


def _params(job_type: JobType) -> Json:
    text = request.form.get("partner_params", "")
    params = fields.json_object(text) if text else {}
    params["user_id"] = request.form.get("user_id") or params.get("user_id")
    # This endpoint makes a job id when the caller names none.
    params.setdefault("job_id", f"job-{current().store.next_smile_job_id()}")
    params["job_type"] = int(job_type)
    # Here sandbox_result is a number in a form field, not text in partner_params.
    if wished := request.form.get("sandbox_result"):
        params["sandbox_result"] = wished
    return fields.partner_params(params)
