"""Answers at once: the result in the answer to the submission, signed like a webhook."""

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.delivery.v3_headers import sign_v3
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks, processing
from dashboard.sandbox.v3.refusals import Refused, answer_refusals, missing
from dashboard.sandbox.v3.screening import check_screening
from dashboard.sandbox.v3.submissions import Submission, check_number, make_job
from dashboard.sandbox.v3.tokens import caller
from dashboard.sandbox.world.store import Job
from dashboard.smile.v3.constants import IDEMPOTENCY_KEY

at_once = Blueprint("v3_at_once", __name__)
answer_refusals(at_once)

SILENT = "The ID authority did not respond in time."
DOWN = "Unable to verify ID — ID authority unavailable."
FAILED = "An unexpected error occurred. Please try again or contact support."


@at_once.post("/v3/enhanced_kyc/sync")
def enhanced_kyc() -> Response:
    """POST /v3/enhanced_kyc/sync: look a number up and answer with the result; no webhook is sent.

    Takes the parts of `/v3/enhanced_kyc`. Returns the body of a webhook; the headers hold ids and signature.
    Raises Refused (400, 401, 402, 403, 413, 415, 429; 408, 424 and 500 for an authority that does not answer).

    https://github.com/smileidentity/api-reference
    """
    return _answer(make_job("enhanced_kyc", _check_number, at_once=True))


@at_once.post("/v3/aml/sync")
def screening() -> Response:
    """POST /v3/aml/sync: screen a person and answer with the result.

    Takes the parts of `/v3/aml` and the header `SmileID-Idempotency-Key`: the same key gets the same job and result,
    and is charged once. Returns the body of a webhook; the headers hold ids and signature.
    Raises Refused (400, 401, 402, 403, 404, 413, 415; 408, 424 and 500 for a provider that does not answer).

    https://github.com/smileidentity/api-reference
    """
    store = current().store
    caller(product="one_time_aml")
    key = request.headers.get("SmileID-Idempotency-Key", "")
    if key and not IDEMPOTENCY_KEY.fullmatch(key):
        raise Refused(400, "Header 'SmileID-Idempotency-Key' is invalid.")
    with store.lock:
        known = store.jobs.get(store.screenings.get(key, "")) if key else None
        if known is not None and known.result.get("status") != "error":
            return _signed(known)
        job = make_job("one_time_aml", check_screening, at_once=True)
        if key:
            store.screenings[key] = job.job_id
    return _answer(job, is_free_if_silent=True)


def _check_number(made: Submission) -> None:
    try:
        check_number(made)
    except Refused as refused:
        # The specification of this operation has another text for it.
        raise missing("id_number") if refused.text == checks.WRONG_NUMBER else refused from None


def _answer(job: Job, *, is_free_if_silent: bool = False) -> Response:
    sandbox = current()
    authority = sandbox.v3.authority
    with sandbox.store.lock:
        processing.decide(sandbox, job)
        if authority != "up":
            unavailable = {"status": "error", "reason": "service_unavailable", "id_fields": None}
            job.history[-1] |= {**unavailable, "message": "Error: external service unavailable."}
            job.success = False
            job.charged = 0 if is_free_if_silent else 1
        sandbox.store.save(job)
    problems = {"silent": (408, SILENT), "down": (424, DOWN), "error": (500, FAILED)}
    if authority in problems:
        status, text = problems[authority]
        raise Refused(status, text, headers=processing.id_headers(job))
    return _signed(job)


def _signed(job: Job) -> Response:
    sandbox = current()
    timestamp = str(sandbox.signer.fresh(legacy=False)["timestamp"])
    response = jsonify(job.result)
    response.headers.update(
        {
            **processing.id_headers(job),
            "Response-Timestamp": timestamp,
            "Response-Signature": sign_v3(sandbox.signer, sandbox.settings, timestamp),
        }
    )
    return response
