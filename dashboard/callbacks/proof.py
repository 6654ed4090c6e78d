"""Why a callback is believed or not: what was found when it came, and what can be said only when it is looked at."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.callbacks.facts import read_facts
from dashboard.callbacks.models import Callback, Step
from dashboard.jobs.models import Job, Result
from dashboard.jobs.outcome import contradicts, deciding_answer, read_claim
from dashboard.smile.constants import SIGNATURE_CONSTANT
from dashboard.smile.results import code_of
from dashboard.web.filters import duration_in_words

LONGEST_TIMESTAMP = 100


@dataclass(frozen=True)
class Proof:
    steps: list[Step]  # "passed": None where it is too early to say
    signed_text: tuple[str, ...]  # in its parts; empty where there is nothing to sign, or another kind of signature
    confirmed_at: datetime | None
    alarm: str | None


def prove(
    callback: Callback,
    body: bytes | None,
    payload: dict[str, Any],
    job: Job | None,
    results: Sequence[Result],
    partner_id: str,
) -> Proof:
    """`body`: None where it cannot be opened. `results`: Smile's answers to our own requests, oldest first."""
    steps = [*callback.steps, _is_untouched(callback, body)]
    alarm = contradiction(payload, job, results) if job else None
    answer = _deciding(callback, results)
    if job:
        steps.append(_confirmed(callback, job, answer))
    if alarm:
        steps.append({"passed": False, "text": alarm})
    return Proof(steps, _signed_text(payload, partner_id), answer.received_at if answer else None, alarm)


def contradiction(payload: dict[str, Any], job: Job, results: Sequence[Result]) -> str | None:
    """The alarm about a claim that Smile's own answers contradict; None where there is none."""
    claim = read_claim(payload, job.job_type)
    answer = deciding_answer(results, job.job_type)
    if answer is None or not contradicts(claim, results, job.job_type):
        return None
    return (
        f"It claims {claim.outcome} (code {claim.code}), "
        f"but Smile itself says {answer.outcome} (code {answer.result_code})."
    )


def _is_untouched(callback: Callback, body: bytes | None) -> Step:
    if callback.erased_at:
        text = f"Its body was erased on {callback.erased_at:%Y-%m-%d}. Its SHA-256 is kept."
        return {"passed": None, "text": text, "is_erased": True}
    if body is None:
        return {"passed": False, "text": "The body cannot be opened: it was damaged, or its encryption key is missing."}
    if hashlib.sha256(body).hexdigest() == callback.body_sha256:
        return {"passed": True, "text": "The body is as it was received: its SHA-256 is still the same."}
    return {"passed": False, "text": "The body is not as it was received: its SHA-256 is another one."}


def _deciding(callback: Callback, results: Sequence[Result]) -> Result | None:
    """The first answer after it; else the last one before, since an answer that says the same is not kept twice."""
    later = [result for result in results if result.received_at >= callback.received_at]
    return later[0] if later else (results[-1] if results else None)


def _confirmed(callback: Callback, job: Job, answer: Result | None) -> Step:
    if answer is None:
        text = "Not confirmed since. Only an answer of Smile to our own request decides about the job."
        return {"passed": None, "text": text}
    said = " ".join(filter(None, (answer.result_code, answer.result_text))) or "no code"
    if answer.received_at >= callback.received_at:
        when = f"{duration_in_words(answer.received_at - callback.received_at)} later"
    else:
        when = f"{duration_in_words(callback.received_at - answer.received_at)} before it came"
        if job.checked_at and job.checked_at > callback.received_at:
            when += ", and still said the same afterwards"
    is_same = code_of(answer.result_code) == code_of(callback.result_code)
    word = "Confirmed with Smile" if is_same else "Compared with Smile"
    return {"passed": True, "text": f"{word} {when}: Smile answered our own request with {said}."}


def _signed_text(payload: dict[str, Any], partner_id: str) -> tuple[str, ...]:
    facts = read_facts(payload)
    if facts.timestamp is None or "|" in (facts.signature or ""):
        return ()
    return str(facts.timestamp)[:LONGEST_TIMESTAMP], partner_id, SIGNATURE_CONSTANT
