"""Sends a job to Smile: `send_to_smile` is one leased run, which continues from the last saved step.

    created -> preparing -> prepared -> sending -> sent      (a zip of images)
    created -> sending -> sent                               (answered at once)

A run that finds `preparing` or `sending` does not know whether the last call arrived, so it asks before repeating it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from dashboard.config import Settings
from dashboard.crypto import UnreadableValue
from dashboard.db import keyring_of
from dashboard.jobs.following.outcome import read_job_status, read_result, settle_job
from dashboard.jobs.following.setbacks import fail, try_later
from dashboard.jobs.models import Image, Job, JobState, ResultSource, SendingStep
from dashboard.jobs.problems import ProblemKind, problem, problem_of, problem_of_clock
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.smile_api.job_lookup import JobLookup, JobLookupUnclear, ask_job_status, read_lookup
from dashboard.jobs.smile_api.smile_clock import SmileClock
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.submitting.leases import Lease
from dashboard.jobs.submitting.media import SealedImage
from dashboard.jobs.submitting.submission import id_number_of, identity, person_of
from dashboard.jobs.timeline import EventKind, SentHow, add_event
from dashboard.smile import InvalidRequest, Refused, SmileError
from dashboard.smile.constants import CODE_JOB_EXISTS
from dashboard.smile.results import parse_result


@dataclass(frozen=True)
class Submission:
    """Everything that one submission sends, read from the row once."""

    product: Product
    step: SendingStep
    partner_params: dict[str, Any]
    id_info: dict[str, Any]
    images: list[dict[str, Any]]
    images_size: int
    callback_url: str
    upload_url: str


def send_to_smile(lease: Lease, clients: SmileClients, settings: Settings) -> None:
    try:
        with lease.saving() as (session, job, _):
            submission = _pack(session, job, settings)
        if FACTS[submission.product].is_answered_at_once:
            _call_id_api(lease, clients, settings, submission)
        else:
            _upload(lease, clients, settings, submission)
    except InvalidRequest as error:
        fail(lease, None, None, problem(ProblemKind.REFUSED_HERE, said=str(error)))
    except (Refused, JobLookupUnclear) as error:
        if clients.clock.note_refusal(error):
            _wait_for_clock(lease, clients.clock)
        elif isinstance(error, Refused):
            _handle_refusal(lease, settings, error, is_resumed=submission.step != SendingStep.CREATED)
        else:
            try_later(lease, settings, problem_of(error))
    except UnreadableValue:
        try_later(lease, settings, problem(ProblemKind.UNREADABLE))
    except SmileError as error:
        try_later(lease, settings, problem_of(error))


def _upload(lease: Lease, clients: SmileClients, settings: Settings, submission: Submission) -> None:
    step, is_prepared_before = submission.step, False
    if step in (SendingStep.PREPARING, SendingStep.SENDING):
        lookup = read_lookup(ask_job_status(clients, submission.partner_params))
        if lookup == JobLookup.RECEIVED:
            return _save_sent(lease, settings, {"how": SentHow.IMAGES_KNOWN.value})
        # Where Smile knows the job without images: get a lost answer with `retry`, upload a lost zip again.
        is_prepared_before = lookup == JobLookup.WITHOUT_ZIP
        step = SendingStep.PREPARED if step == SendingStep.SENDING and is_prepared_before else SendingStep.CREATED
    upload_url = submission.upload_url
    if step == SendingStep.CREATED:
        _save_step(lease, SendingStep.PREPARING)
        prepared = clients.web_api.prepare_upload(
            submission.partner_params, callback_url=submission.callback_url, retry=is_prepared_before
        )
        upload_url = prepared["upload_url"]
        _save_prepared(lease, upload_url, parse_result(prepared).smile_job_id)
    _save_step(lease, SendingStep.SENDING)
    clients.web_api.upload_zip(
        upload_url,
        submission.partner_params,
        submission.images,
        submission.id_info,
        callback_url=submission.callback_url,
    )
    sent = {"how": SentHow.IMAGES.value, "count": len(submission.images), "size": submission.images_size}
    return _save_sent(lease, settings, sent)


def _call_id_api(lease: Lease, clients: SmileClients, settings: Settings, submission: Submission) -> None:
    if submission.step == SendingStep.SENDING:
        answer = ask_job_status(clients, submission.partner_params)
        result = read_job_status(answer, submission.partner_params["job_type"]) if answer else None
        if result is not None:
            return _save_answer(lease, result.payload, ResultSource.JOB_STATUS, SentHow.ANSWERED_BEFORE)
        if read_lookup(answer) == JobLookup.RECEIVED:
            return _save_sent(lease, settings, {"how": SentHow.CALL_KNOWN.value})
    _save_step(lease, SendingStep.SENDING)
    is_basic = submission.product == Product.BASIC_KYC
    call = clients.id_api.submit_basic_kyc if is_basic else clients.id_api.submit_job
    answer = call(submission.partner_params, submission.id_info)
    return _save_answer(lease, answer, ResultSource.SUBMIT, SentHow.ANSWERED_AT_ONCE)


def _pack(session: Session, job: Job, settings: Settings) -> Submission:
    keyring = keyring_of(session)
    images = session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all()
    id_info: dict[str, Any] = {"country": job.country, "id_type": job.id_type, "id_number": id_number_of(session, job)}
    id_info = {name: value for name, value in id_info.items() if value} | person_of(session, job)
    if images and FACTS[job.product].asks_id_number:
        id_info["entered"] = True
    sealed_url = job.upload_url_sealed
    return Submission(
        product=job.product,
        step=job.step,
        partner_params={
            **job.partner_params,
            "user_id": job.user_id,
            "job_id": job.job_id,
            "job_type": job.job_type,
        },
        id_info=id_info,
        images=[
            {"image_type_id": image.image_type, "image": SealedImage(keyring, settings.media_dir, image)}
            for image in images
        ],
        images_size=sum(image.size for image in images),
        callback_url=callback_address(settings, job.id),
        upload_url=keyring.open(sealed_url, identity(job, "upload_url")).decode() if sealed_url else "",
    )


def _save_step(lease: Lease, step: SendingStep) -> None:
    with lease.saving() as (_, job, now):
        job.step = step
        if job.state != JobState.SUBMITTING:
            job.state = JobState.SUBMITTING
            job.changed(now)


def _save_prepared(lease: Lease, upload_url: str, smile_job_id: str) -> None:
    with lease.saving() as (session, job, now):
        job.step = SendingStep.PREPARED
        job.smile_job_id = smile_job_id or job.smile_job_id
        job.upload_url_sealed = keyring_of(session).seal(upload_url.encode(), identity(job, "upload_url"))
        add_event(session, job, EventKind.PREPARED, now)
        job.changed(now)


def _save_sent(lease: Lease, settings: Settings, sent: dict[str, Any]) -> None:
    with lease.saving() as (session, job, now):
        job.step = SendingStep.SENT
        job.state = JobState.WAITING
        job.submitted_at = now
        job.callback_due_at = now + timedelta(seconds=settings.callback_expected_within)
        # If a callback came before this commit, there is nothing to wait for.
        wait = 0.0 if job.callback_at else settings.check_waits[0]
        job.due_at = now + timedelta(seconds=wait)
        job.note_problem(None)
        job.upload_url_sealed = None
        add_event(session, job, EventKind.SENT, now, sent)
        job.changed(now)


def _save_answer(lease: Lease, answer: dict[str, Any], source: ResultSource, how: SentHow) -> None:
    with lease.saving() as (session, job, now):
        job.step = SendingStep.SENT
        job.submitted_at = now
        job.due_at = None
        job.note_problem(None)
        add_event(session, job, EventKind.SENT, now, {"how": how.value})
        settle_job(session, job, read_result(answer, job.job_type), source, now)


def _handle_refusal(lease: Lease, settings: Settings, error: Refused, is_resumed: bool) -> None:
    with lease.saving() as (_, job, _now):
        step = job.step
        has_zip_address = job.upload_url_sealed is not None
    if error.may_retry:
        try_later(lease, settings, problem_of(error), error.retry_after)
    elif step == SendingStep.SENDING and has_zip_address:
        # The upload address was used or is too old; the next run asks, and prepares the job again.
        try_later(lease, settings, problem(ProblemKind.ADDRESS_REFUSED), step=SendingStep.PREPARING)
    elif error.code == CODE_JOB_EXISTS and is_resumed:
        # A call whose answer was lost did arrive; the next run asks for its status.
        try_later(lease, settings, problem(ProblemKind.KNOWN_ALREADY))
    else:
        fail(lease, error.code, error.reason, problem_of(error))


def _wait_for_clock(lease: Lease, clock: SmileClock) -> None:
    """Waits as long as it takes, without using up an attempt: nothing is wrong with the job."""
    with lease.saving() as (session, job, now):
        job.due_at = clock.next_try_at
        found = problem_of_clock(clock)
        if found != job.problem:
            job.note_problem(found)
            add_event(session, job, EventKind.CLOCK_OFF, now, {"problem": found})
            job.changed(now)
