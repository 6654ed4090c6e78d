"""POST /v1/job_status: the status of a job, signed."""

from flask import Blueprint, Response, jsonify

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.api.image_links import image_links
from dashboard.sandbox.api.processing import receipt_url
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import JOB_UNKNOWN, Refused
from dashboard.sandbox.state import Sandbox, current
from dashboard.sandbox.world.store import Job
from dashboard.smile.constants import CODE_JOB_FOUND, CODE_NO_ZIP

job_status = Blueprint("job_status", __name__)

_RECEIPTS = {
    "biometric_kyc": "kyc_receipt",
    "document_verification": "kyc_receipt",
    "enhanced_document_verification": "kyc_receipt",
    "business_verification": "kyb_receipt",
}


@job_status.post("/v1/job_status")
def show() -> Response:
    """POST /v1/job_status: the status of a job.

    Takes `user_id`, `job_id`, and the booleans `image_links` and `history`.
    Returns `timestamp`, `signature`, `job_complete`, `job_success`, `code` (2302, or 2314 before the zip), `result`
    and, if asked for, `image_links` and `history`; a complete job may have `kyc_receipt` or `kyb_receipt`.
    Raises Refused (2203, 2204, 2205, 2213, and 2304 for an unknown job, which is not documented).

    https://docs.usesmileid.com/further-reading/job-status
    """
    sandbox = current()
    body = fields.json_body()
    caller = authentication.by_signature(body, "partner_id")
    user_id, job_id = fields.text(body, "user_id"), fields.text(body, "job_id")
    wants_images, wants_history = fields.flag(body, "image_links"), fields.flag(body, "history")
    with sandbox.store.lock:
        job = sandbox.store.jobs.get(job_id)
        if job is None or job.user_id != user_id or job.version != "v1":
            raise Refused(JOB_UNKNOWN, status=sandbox.settings.unknown_job_status)
        answer = _answer(sandbox, job)
        if wants_images:
            answer["image_links"] = image_links(sandbox, job) or {"error": "The job has no images"}
        if wants_history:
            answer["history"] = list(job.history)
    return jsonify(sandbox.signer.fresh(caller.legacy) | answer)


def _answer(sandbox: Sandbox, job: Job) -> Json:
    if not job.charged:
        return {
            "job_complete": False,
            "job_success": False,
            "code": CODE_NO_ZIP,
            "result": "No zip file received",
        }
    answer = {
        "job_complete": job.complete,
        "job_success": job.success,
        "code": CODE_JOB_FOUND,
        "result": job.result,
    }
    if job.complete and job.product in _RECEIPTS:
        answer[_RECEIPTS[job.product]] = receipt_url(sandbox, job)
    return answer
