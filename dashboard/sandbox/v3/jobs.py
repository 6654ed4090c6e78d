"""Existing jobs of v3: their status and replays; and reports of fraud about their users."""

import re
import time
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.delivery.v3_headers import header_text
from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks
from dashboard.sandbox.v3.parts import Parts, read_parts
from dashboard.sandbox.v3.refusals import UNAUTHORIZED, Refused, answer_refusals, missing
from dashboard.sandbox.v3.tokens import caller
from dashboard.sandbox.world.store import Job, User
from dashboard.smile.v3.constants import FRAUD_REASONS, JOB_ID, LONGEST_NOTES

jobs_v3 = Blueprint("v3_jobs", __name__)
answer_refusals(jobs_v3)

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
RUNNING = "Job is still processing. Callbacks can only be replayed for completed jobs."


@jobs_v3.get("/v3/status/<job_id>")
def status(job_id: str) -> Response:
    """GET /v3/status/<job_id>: the decision about a job: 200 decided, 202 not yet, 404 unknown.

    Returns `status`, `job_id`, `user_id`, `message` and `created_at` (of the answer; ISO 8601, UTC).
    Raises Refused (400, 401).

    https://github.com/smileidentity/api-reference
    """
    caller()
    sandbox = current()
    if not JOB_ID.fullmatch(job_id):
        raise Refused(400, "\"jobId\" must be a valid TypeID with prefix 'job_'")
    job = _found(job_id)
    if job is not None and job.created_at + sandbox.settings.v3_status_unknown_seconds > time.time():
        job = None
    if job is None:
        return _status("not_found", job_id, "unknown", "Job not found", 404)
    if not job.complete:
        return _status("processing", job_id, job.user_id, "Job is still processing", 202)
    return _status(job.result["status"], job_id, job.user_id, "Job completed", 200)


@jobs_v3.post("/v3/replay/<job_id>")
def replay(job_id: str) -> Response:
    """POST /v3/replay/<job_id>: send the webhook of a finished job again, with a new signature.

    Takes the part `callback_url`, or no body. Returns 202 with `status`, `job_id`, `user_id` and `message`.
    Raises Refused (400, 401, 403, 404, 409, 415).

    https://github.com/smileidentity/api-reference
    """
    caller()
    sandbox = current()
    if not re.fullmatch("job_[0-9a-z]{26}", job_id):
        raise Refused(400, "\"job_id\" must be a valid TypeID with prefix 'job_'")
    parts = read_parts() if request.content_length else Parts()
    address = checks.callback_url(parts.text("callback_url"), is_needed=False)
    with sandbox.store.lock:
        job = _found(job_id)
        if job is None:
            raise Refused(404, "Job not found")
        if not job.complete:
            raise Refused(409, RUNNING)
        usual = job.callback_url
        if not (address or usual or sandbox.settings.default_callback_url):
            raise Refused(400, "No valid callback URL available")
        # A replay goes to its own address, and the job keeps the one that it was submitted with.
        job.callback_url = address or usual
        sandbox.callbacks.send(job, job.result, job.result["status"])
        job.callback_url = usual
        sandbox.store.save(job)
    text = "Callback replay queued successfully."
    return _accepted({"job_id": job_id, "user_id": job.user_id, "message": text})


@jobs_v3.post("/v3/users/<user_id>/report_fraud")
def report_fraud(user_id: str) -> Response:
    """POST /v3/users/<user_id>/report_fraud: report a user as fraudulent, or take that back.

    Takes the parts `is_fraud`, `reported_by`, `reason` and `notes`. Returns 202 with `status`, `message` and `user_id`.
    Raises Refused (400, 401, 404, 415).

    https://github.com/smileidentity/api-reference
    """
    try:
        caller()
    except Refused as refused:
        raise Refused(401, "Invalid token") if refused.text == UNAUTHORIZED else refused from None
    parts = read_parts()
    is_fraud = parts.flag("is_fraud")
    if is_fraud is None:
        raise missing("is_fraud")
    _check_report(parts, is_fraud)
    store = current().store
    with store.lock:
        user = store.users.get(user_id)
        if user is None and not any(job.user_id == user_id for job in store.jobs.values()):
            raise Refused(404, "User not found")
        user = user or User(user_id)
        user.fraudulent = is_fraud
        store.save_user(user)
    return _accepted({"message": "Fraud report accepted", "user_id": user_id})


def _check_report(parts: Parts, is_fraud: bool) -> None:
    reported_by, reason, notes = parts.text("reported_by"), parts.text("reason"), parts.text("notes")
    if not _EMAIL.fullmatch(reported_by):
        raise Refused(400, "Field 'reported_by' must be a valid email address.")
    if is_fraud and not reason:
        raise missing("reason")
    if reason and reason not in FRAUD_REASONS:
        raise Refused(400, f"Field 'reason' must be one of: {', '.join(FRAUD_REASONS)}")
    needed = "is_fraud is false" if not is_fraud else "reason is 'OTHER'" if reason == "OTHER" else ""
    if needed and not notes:
        raise Refused(400, f"Required field 'notes' is missing or invalid when {needed}.")
    if len(notes) > LONGEST_NOTES:
        raise Refused(400, "Field 'notes' must be at most 500 characters.")


def _found(job_id: str) -> Job | None:
    job = current().store.jobs.get(job_id)
    return job if job is not None and job.version == "v3" else None


def _status(word: str, job_id: str, user_id: str, message: str, http_status: int) -> Response:
    now = iso(datetime.now(UTC))
    body = {"status": word, "job_id": job_id, "user_id": user_id, "message": message, "created_at": now}
    response = jsonify(body)
    response.status_code = http_status
    # These names have underscores in the specification too.
    api_version = current().settings.v3_api_version
    response.headers.update({"api_version": api_version, "job_id": job_id, "user_id": header_text(user_id)})
    return response


def _accepted(body: Json) -> Response:
    response = jsonify({"status": "accepted", **body})
    response.status_code = 202
    return response
