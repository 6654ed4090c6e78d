"""The life of a job inside the simulator: accepted, processed after a delay, reported step by step."""

import random
import time
from functools import partial

from dashboard.sandbox.api import lookups
from dashboard.sandbox.api.image_links import image_links
from dashboard.sandbox.fields import Json
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.envelope import envelope
from dashboard.sandbox.world.outcomes import ProgressStep, steps_for
from dashboard.sandbox.world.store import ZIP, Job, User
from dashboard.sandbox.world.warnings import smile_secure_entry, with_warnings
from dashboard.sandbox.world.zips import Submission, ZipRejected, is_entered, open_submission
from dashboard.smile.constants import JobType


def work_later(sandbox: Sandbox, job: Job) -> None:
    """Schedule the processing of a job. The caller holds the store's lock."""
    delay = random.uniform(*sandbox.settings.result_delay_seconds)
    job.process_at = time.time() + delay
    sandbox.store.save(job)
    sandbox.scheduler.at(job.process_at, partial(work, sandbox, job.job_id))


def work(sandbox: Sandbox, job_id: str) -> None:
    """Decide the results of a job and report those that are due at once."""
    with sandbox.store.lock:
        job = sandbox.store.jobs[job_id]
        if job.process_at is None:
            return
        data = sandbox.store.blob(job_id, ZIP)
    # Unzipping takes long enough to delay other requests, so it happens outside the lock.
    steps = _open_and_decide(sandbox, job, data) if job.accepted_upload else _decide(sandbox, job)
    with sandbox.store.lock:
        job.process_at = None
        _plan(sandbox, job, steps)
        # Saved before the zip is dropped: a simulator killed in between would find it missing and call it corrupt.
        sandbox.store.save(job)
        sandbox.store.drop_blob(job_id, ZIP)
    report_due(sandbox, job_id)


def answer_at_once(sandbox: Sandbox, job: Job) -> Json:
    """The result of a synchronous job, which is no callback; only a final result after a review is one.

    https://docs.usesmileid.com/results/json-top-level-keys
    """
    with sandbox.store.lock:
        _plan(sandbox, job, _decide(sandbox, job))
        for planned in job.pending:
            planned["callback"] = planned["callback"] and planned["due"] > time.time()
    report_due(sandbox, job.job_id)
    return job.result


def report_due(sandbox: Sandbox, job_id: str) -> None:
    """Move the results that are due into the history, and send a callback for each."""
    with sandbox.store.lock:
        job = sandbox.store.jobs[job_id]
        now = time.time()
        due = [planned for planned in job.pending if planned["due"] <= now]
        job.pending = [planned for planned in job.pending if planned["due"] > now]
        for planned in due:
            job.history.append(planned["entry"])
            _settle(sandbox, job, planned)
            if planned["callback"]:
                sandbox.callbacks.send(job, planned["entry"], planned["outcome"])
            if planned["final"] and planned["outcome"] in ("approved", "rejected"):
                _report_duplicates(sandbox, job)
        sandbox.store.save(job)


def _report_duplicates(sandbox: Sandbox, job: Job) -> None:
    # Not part of the job's results: job_status never shows it.
    entry = smile_secure_entry(job, sandbox.warnings, sandbox.store)
    if entry is not None:
        sandbox.callbacks.send_apart(job, entry)


def resume(sandbox: Sandbox) -> None:
    """Schedule all work that a stopped simulator left behind."""
    for job in [job for job in sandbox.store.jobs.values() if job.version == "v1"]:
        if job.process_at is not None:
            sandbox.scheduler.at(job.process_at, partial(work, sandbox, job.job_id))
        for planned in job.pending:
            sandbox.scheduler.at(planned["due"], partial(report_due, sandbox, job.job_id))
        sandbox.callbacks.resume(job)


def _open_and_decide(sandbox: Sandbox, job: Job, data: bytes | None) -> list[ProgressStep]:
    try:
        submission = open_submission(data or b"", job, sandbox.settings)
        with sandbox.store.lock:
            _keep(sandbox, job, submission)
        lookups.check_submitted(job, sandbox.settings)
    except ZipRejected as error:
        return [_unusable(job, error)]
    return _decide(sandbox, job)


def _keep(sandbox: Sandbox, job: Job, submission: Submission) -> None:
    job.id_info = submission.id_info
    if not _is_looked_up(job):
        job.id_info.pop("id_number", None)
    for name in ("selfie_image", "id_card_image", "id_card_back"):
        content = submission.selfie if name == "selfie_image" else getattr(submission, name)
        if content is not None:
            sandbox.store.put_blob(job.job_id, name, content)
            job.images.append(name)


def _is_looked_up(job: Job) -> bool:
    # Of the jobs with images only these query an ID authority, the first only for an `entered` number.
    if job.job_type == JobType.BIOMETRIC_KYC:
        return is_entered(job.id_info)
    return job.job_type == JobType.ENHANCED_DOCUMENT_VERIFICATION


def _decide(sandbox: Sandbox, job: Job) -> list[ProgressStep]:
    return steps_for(
        job.product, job.partner_params, job.id_info, sandbox.settings.other_numbers_act_like
    )  # fmt: skip


def _unusable(job: Job, error: ZipRejected) -> ProgressStep:
    return ProgressStep(
        product=job.product,
        sandbox_result="",
        step=1,
        after_review=False,
        only_with_number=False,
        result_type="SAIA",
        code=error.code,
        text=error.text,
        outcome="error",
        final=True,
        confidence="",
        actions={"Selfie_Provided": "Not Done", "Liveness_Check": "Not Done"},
    )


def _plan(sandbox: Sandbox, job: Job, steps: list[ProgressStep]) -> None:
    settings = sandbox.settings
    now = time.time()
    links = image_links(sandbox, job)
    id_card = sandbox.store.blob(job.job_id, "id_card_image") if job.images else None
    for step in steps:
        if step.after_review and not settings.provisional_turns_final:
            continue
        due = now + (settings.review_delay_seconds if step.after_review else 0.0)
        job.pending.append(
            {
                "due": due,
                "entry": with_warnings(
                    envelope(job, step, links, receipt_url(sandbox, job), id_card),
                    job,
                    step.outcome,
                    sandbox.warnings,
                    sandbox.store,
                ),
                "outcome": step.outcome,
                "final": step.final,
                "callback": step.outcome != "step" or settings.callback_for_id_step,
            }
        )
        if step.after_review:
            sandbox.scheduler.at(due, partial(report_due, sandbox, job.job_id))


def receipt_url(sandbox: Sandbox, job: Job) -> str:
    """The address of the job's PDF receipt on the portal.

    https://docs.usesmileid.com/further-reading/kyc-receipts
    """
    partner = sandbox.settings.partner_id
    return f"{job.base_url}/api/v3/{partner}/job_result_summary/{job.smile_job_id}/generate_pdf"


def _settle(sandbox: Sandbox, job: Job, planned: Json) -> None:
    outcome = planned["outcome"]
    if outcome == "step":
        return
    job.complete = planned["final"] or sandbox.settings.provisional_is_complete
    job.success = outcome == "approved"
    if job.success and job.job_type in sandbox.settings.enrolling_job_types:
        user = sandbox.store.users.get(job.user_id) or User(job.user_id)
        user.enrolled, user.may_enrol_again = True, False
        sandbox.store.save_user(user)
