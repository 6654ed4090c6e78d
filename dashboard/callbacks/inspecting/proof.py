"""The proof of a callback: the steps stored on arrival, and those that are checked each time it is shown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.callbacks.models import Callback, Step
from dashboard.callbacks.receiving.parsing import read_facts
from dashboard.callbacks.steps import StepKind, make_step
from dashboard.jobs.following.outcome import contradicts, deciding_answer, read_claim
from dashboard.jobs.models import Job, Result
from dashboard.smile.constants import SIGNATURE_CONSTANT
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
    steps = [*callback.steps, _is_untouched(callback, body)]
    alarm = contradiction(payload, job, results) if job else None
    answer = _deciding(callback, results)
    if job:
        steps.append(_confirmed(callback, job, answer))
    if alarm:
        steps.append(alarm)
    return Proof(steps, _signed_text(payload, partner_id), answer.received_at if answer else None, alarm)


def contradiction(payload: dict[str, Any], job: Job, results: Sequence[Result]) -> Step | None:
    """The alarm about a claim that Smile's own answers contradict; None if they do not."""
    claim = read_claim(payload, job.job_type)
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
        is_same=code_of(answer.result_code) == code_of(callback.result_code),
        code=answer.result_code,
        text=answer.result_text,
    )


def _signed_text(payload: dict[str, Any], partner_id: str) -> tuple[str, ...]:
    facts = read_facts(payload)
    if facts.timestamp is None or "|" in (facts.signature or ""):
        return ()
    return str(facts.timestamp)[:LONGEST_TIMESTAMP], partner_id, SIGNATURE_CONSTANT
