"""The proof of a callback: the steps stored on arrival, and those that are checked each time it is shown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.callbacks.inspecting.claims import claim_about, outcome_claimed
from dashboard.callbacks.models import Callback, Step
from dashboard.callbacks.queries import is_about
from dashboard.callbacks.receiving.parsing import read_facts
from dashboard.callbacks.receiving.verdicts import signed_forms
from dashboard.callbacks.steps import StepKind, kind_of, make_step
from dashboard.jobs.following.outcome import contradicts, deciding_answer
from dashboard.jobs.models import Job, Result
from dashboard.smile.constants import SIGNATURE_CONSTANT, SmileApi
from dashboard.smile.results import code_of
from dashboard.web.pages.answers import json_time

LONGEST_TIMESTAMP = 100


@dataclass(frozen=True)
class Proof:
    steps: list[Step]  # "passed" is None while it is too early to say
    signed_text: tuple[str, ...]  # in parts; empty without a timestamp, and for a sec_key
    confirmed_at: datetime | None
    alarm: Step | None


def prove(
    callback: Callback,
    body: bytes | None,
    payload: dict[str, Any],
    job: Job | None,
    results: Sequence[Result],
    partner_id: str,
) -> Proof:
    """Puts the proof together. `body`: None if it cannot be opened. `results`: Smile's own answers, oldest first."""
    steps = [*(_as_known_now(callback, job, step) for step in callback.steps), _is_untouched(callback, body)]
    if job and not is_about(callback, job):
        steps.append(make_step(None if job.is_unbound else False, StepKind.NOT_THIS_JOB, known=job.smile_job_id))
        return Proof(steps, _signed_text(callback, payload, partner_id), None, None)
    alarm = contradiction(payload, job, results) if job else None
    answer = _deciding(callback, results)
    if job:
        steps.append(_confirmed(callback, job, answer))
    if alarm:
        steps.append(alarm)
    return Proof(steps, _signed_text(callback, payload, partner_id), answer.received_at if answer else None, alarm)


def contradiction(payload: dict[str, Any], job: Job, results: Sequence[Result]) -> Step | None:
    """The alarm about a claim that Smile's own answers contradict; None if they do not."""
    claim = claim_about(job, payload)
    answer = deciding_answer(results, job.job_type)
    if answer is None or not contradicts(claim, results, job.job_type):
        return None
    return make_step(
        False,
        StepKind.CONTRADICTED,
        claimed=claim.outcome,
        claimed_code=claim.code,
        confirmed=answer.outcome,
        confirmed_code=answer.result_code,
    )


def _as_known_now(callback: Callback, job: Job | None, step: Step) -> Step:
    """The step as stored. One about a job whose id at Smile was open then says whether it was this one."""
    if kind_of(step) != StepKind.AWAITS_ID or job is None or not is_about(callback, job):
        return step
    return make_step(True, StepKind.NAMES_OUR_JOB, job_id=callback.claimed_job_id)


def _is_untouched(callback: Callback, body: bytes | None) -> Step:
    if callback.erased_at:
        return make_step(None, StepKind.BODY_ERASED, erased_at=json_time(callback.erased_at))
    if body is None:
        return make_step(False, StepKind.CANNOT_BE_OPENED)
    if hashlib.sha256(body).hexdigest() == callback.body_sha256:
        return make_step(True, StepKind.UNTOUCHED)
    return make_step(False, StepKind.CHANGED)


def _deciding(callback: Callback, results: Sequence[Result]) -> Result | None:
    """The first answer after the callback, or else the last one before: equal answers are stored only once."""
    later = [result for result in results if result.received_at >= callback.received_at]
    return later[0] if later else (results[-1] if results else None)


def _confirmed(callback: Callback, job: Job, answer: Result | None) -> Step:
    if answer is None:
        return make_step(None, StepKind.NOT_CONFIRMED)
    is_later = answer.received_at >= callback.received_at
    return make_step(
        True,
        StepKind.CONFIRMED,
        after_seconds=(answer.received_at - callback.received_at).total_seconds(),
        still_says_so=not is_later and job.checked_at is not None and job.checked_at > callback.received_at,
        is_same=_says_the_same(callback, job, answer),
        code=answer.result_code,
        text=answer.result_text,
        outcome=answer.outcome,
    )


def _says_the_same(callback: Callback, job: Job, answer: Result) -> bool:
    if job.api == SmileApi.V3:  # Smile confirms the decision alone.
        return outcome_claimed(callback) == answer.outcome
    return code_of(answer.result_code) == code_of(callback.result_code)


def _signed_text(callback: Callback, payload: dict[str, Any], partner_id: str) -> tuple[str, ...]:
    pair = read_facts(payload, callback.headers).pair
    if pair.timestamp is None or "|" in (pair.signature or ""):
        return ()
    if pair.is_in_header:
        partner_id = next((form for step in callback.steps if (form := _form_in(step))), signed_forms(partner_id)[0])
    return str(pair.timestamp)[:LONGEST_TIMESTAMP], partner_id, SIGNATURE_CONSTANT


def _form_in(step: Step) -> str | None:
    """The form of the partner id that was signed, where a key matched."""
    return step["facts"].get("partner_id") if kind_of(step) == StepKind.KEY_MATCHES else None
