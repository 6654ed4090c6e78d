"""The life of a job of v3: accepted, decided after a delay, reported by webhook."""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from flask import Response, jsonify, request

from dashboard.sandbox.api.image_links import image_links
from dashboard.sandbox.delivery.v3_headers import header_text
from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import Sandbox, current
from dashboard.sandbox.world.store import Job, User
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.sandbox.world.v3_decisions import Verdict, verdict
from dashboard.sandbox.world.v3_results import result_body

#: Product -> the number of its job type in v1, where it has one.
JOB_TYPES = {
    "enhanced_kyc": 5,
    "biometric_kyc": 1,
    "document_verification": 6,
    "enhanced_document_verification": 11,
    "residency_document_verification": 6,
    "smart_selfie_registration": 4,
    "smart_selfie_authentication": 2,
    "smart_selfie_compare": 3,
    "one_time_aml": 15,
    "aml_monitoring": 10,
    "address_verification": 12,
}
ENROLLING = frozenset({"smart_selfie_registration", "smart_selfie_compare", "biometric_kyc"})
ACCEPTED = "Request accepted and queued for processing."


def new_job(
    product: str, given: Json, user_id: str, params: Mapping[str, str], callback_url: str, images: Mapping[str, bytes]
) -> Job:
    """Store a charged job. given: what was submitted, by field. images: the contents to keep, by name."""
    sandbox = current()
    job = Job(
        job_id=new_type_id("job", sandbox.clock_ahead_seconds),
        user_id=user_id or new_type_id("user"),
        job_type=JOB_TYPES[product],
        product=product,
        partner_params=dict(params),
        smile_job_id=sandbox.store.next_smile_job_id(),
        base_url=request.host_url.rstrip("/"),
        callback_url=callback_url,
        id_info=given,
        created_at=time.time(),
        charged=1,
        images=list(images),
        version="v3",
    )
    for name, content in images.items():
        sandbox.store.put_blob(job.job_id, name, content)
    sandbox.store.save(job)
    return job


def work_later(job: Job) -> None:
    """Schedule the decision about a job."""
    sandbox = current()
    with sandbox.store.lock:
        job.process_at = time.time() + random.uniform(*sandbox.settings.result_delay_seconds)
        if sandbox.settings.v3_interim_webhook:
            entry = {"status": "processing", "message": "Job is still processing", "product": job.product}
            sandbox.callbacks.send_apart(job, entry | {"job_id": job.job_id, "user_id": job.user_id})
        sandbox.store.save(job)
        sandbox.scheduler.at(job.process_at, partial(work, sandbox, job.job_id))


def work(sandbox: Sandbox, job_id: str) -> None:
    """Decide a job and report it, once."""
    with sandbox.store.lock:
        job = sandbox.store.jobs[job_id]
        if job.process_at is None:
            return
        entry = decide(sandbox, job)
        sandbox.callbacks.send(job, entry, entry["status"])
        sandbox.store.save(job)


def decide(sandbox: Sandbox, job: Job) -> Json:
    """Decide a job, and enrol its user. The caller holds the store's lock and saves the job.

    Returns the result.
    """
    user = sandbox.store.users.get(job.user_id)
    is_flagged = user is not None and user.fraudulent
    found = verdict(job.product, job.id_info, sandbox.settings, is_flagged=is_flagged)
    entry = result_body(job, found, image_links(sandbox, job), sandbox.settings)
    job.history.append(entry)
    job.process_at, job.complete = None, True
    job.success = found.decision in ("clear", "attention")
    if job.product in ENROLLING and job.success and job.id_info.get("enrols", True):
        user = user or User(job.user_id)
        user.enrolled, user.deleted = True, False
        sandbox.store.save_user(user)
    return entry


def monitoring_update(sandbox: Sandbox, job_id: str) -> Json | None:
    """Send an update of monitoring to the partner's default address; None if the job monitors nobody.

    What an update holds is not documented: a setting decides.
    """
    with sandbox.store.lock:
        job = sandbox.store.jobs.get(job_id)
        if job is None or job.product != "aml_monitoring" or not job.complete:
            return None
        entry = result_body(job, Verdict("block", "aml_match_found"), {}, sandbox.settings)
        if not sandbox.settings.v3_update_is_whole:
            entry = {name: entry[name] for name in ("status", "message", "reason", "no_of_persons_found", "people")}
        entry["product"] = "aml_monitoring_update"
        usual, job.callback_url = job.callback_url, ""
        sandbox.callbacks.send_apart(job, entry)
        job.callback_url = usual
        sandbox.store.save(job)
        return entry


def resume(sandbox: Sandbox) -> None:
    """Schedule all work that a stopped simulator left behind."""
    for job in [job for job in sandbox.store.jobs.values() if job.version == "v3"]:
        if job.process_at is not None:
            sandbox.scheduler.at(job.process_at, partial(work, sandbox, job.job_id))
        sandbox.callbacks.resume(job)


def accepted(job: Job, message: str = ACCEPTED, *, says_when: bool = True) -> Response:
    """The answer to a submission, with status 202. says_when: add `created_at`."""
    body: Json = {"status": "accepted", "message": message, "job_id": job.job_id, "user_id": job.user_id}
    if says_when:
        body["created_at"] = iso(datetime.fromtimestamp(job.created_at, UTC))
    response = jsonify(body)
    response.status_code = 202
    return response


def id_headers(job: Job) -> dict[str, str]:
    """The ids of a job as headers of an answer at once."""
    return {"SmileID-Job-ID": job.job_id, "User-ID": header_text(job.user_id)}
