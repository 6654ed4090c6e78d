"""What an answer of Smile does to a job: read it, keep it as a Result, and settle the job when it is confirmed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.dealt_with import bring_back
from dashboard.jobs.models import Job, JobState, Outcome, Result, Source, payload_identity
from dashboard.jobs.timeline import add_event
from dashboard.jobs.warnings import keep_warnings
from dashboard.smile.constants import ID_API_JOB_TYPES, result_codes
from dashboard.smile.warnings import SMILE_SECURE_CODES

#: What differs in every answer, even when nothing happened between two of them.
VOLATILE_KEYS = frozenset({"timestamp", "signature", "ImageLinks"})
#: The ID step of a job with a face: not yet what the job was made for.
ID_STEP_CODES = frozenset({"1012"})
#: A longer code or text is no code or text of Smile's; the payload keeps all of it.
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Answer:
    """One result as Smile tells it, whether it came as an answer to us or is only claimed by a callback."""

    payload: dict[str, Any]
    outcome: Outcome | None  # None: it says nothing about the outcome
    code: str | None
    text: str | None
    is_final: bool


def read_result(payload: dict[str, Any], job_type: int, success: bool | None = None) -> Answer:
    """`success` is job_status's own word on it, where it was given; a contradiction goes to a person."""
    code = _text_of(payload.get("ResultCode"))
    if code in SMILE_SECURE_CODES:  # It reports on other customers, and says nothing about the outcome.
        return Answer(payload, None, code, _text_of(payload.get("ResultText")), is_final=False)
    says_final = str(payload.get("IsFinalResult", "true")).lower() != "false"
    outcome, has_a_face = _outcome_of(code), job_type not in ID_API_JOB_TYPES
    if outcome in (Outcome.APPROVED, Outcome.REJECTED) and not says_final:
        outcome = Outcome.PROVISIONAL
    elif outcome == Outcome.APPROVED and (success is False or (code in ID_STEP_CODES and has_a_face and not success)):
        # Smile reports the ID step on its own, or does not count it as a success: never approve on half a check.
        outcome = Outcome.UNKNOWN
    elif outcome == Outcome.REJECTED and success and has_a_face:
        outcome = Outcome.UNKNOWN  # A rejection that counts as a success contradicts itself.
    is_final = says_final and outcome != Outcome.PROVISIONAL
    return Answer(payload, outcome, code, _text_of(payload.get("ResultText")), is_final)


def read_job_status(answer: dict[str, Any], job_type: int) -> Answer | None:
    """The result in a job_status answer; None while there is none, as when `result` is a text or the job runs on."""
    payload = answer.get("result")
    if not isinstance(payload, dict) or not payload.get("ResultCode"):
        return None
    result = read_result(payload, job_type, success=_as_bool(answer.get("job_success")))
    is_over = _as_bool(answer.get("job_complete")) is True
    return result if is_over or result.outcome == Outcome.PROVISIONAL else None


def keep_result(
    session: Session, job: Job, answer: Answer, source: Source, now: datetime, *, is_confirmed: bool
) -> bool:
    """Adds a Result row unless this source said just the same; tells whether it is news.

    Smile may come back to an earlier answer, which is news then. A claim is none when it comes again, signed anew and
    after others: the order of callbacks says nothing.
    """
    if job.erased_at:
        return False  # Whatever comes now must not bring back the person who was erased.
    digest = _digest(answer.payload)
    kept = select(Result.payload_digest).where(Result.job_id == job.id, Result.source == source)
    # The newest of ours; of claims just the same one, however long ago.
    kept = kept.order_by(col(Result.id).desc()) if is_confirmed else kept.where(Result.payload_digest == digest)
    if session.exec(kept.limit(1)).first() == digest:
        return False
    result = Result(
        environment=job.environment,
        job_id=job.id,
        source=source,
        is_confirmed=is_confirmed,
        is_final=answer.is_final,
        outcome=answer.outcome,
        result_code=answer.code,
        result_text=answer.text,
        payload_sealed=b"",
        payload_digest=digest,
        received_at=now,
    )
    result.payload_sealed = keyring_of(session).seal_json(answer.payload, payload_identity(result.id))
    session.add(result)
    keep_warnings(session, job, answer.payload, source, now, is_confirmed=is_confirmed)
    return True


def settle_job(session: Session, job: Job, answer: Answer, source: Source, now: datetime) -> None:
    """Lets a confirmed answer decide. Only answers to our own requests come here, never a callback's claim."""
    is_news = keep_result(session, job, answer, source, now, is_confirmed=True)
    note_disagreement(session, job, now)
    if answer.outcome is None or (not is_news and job.state == JobState.DONE):
        return
    if job.state == JobState.DONE and not answer.is_final and _has_final_answer(session, job):
        add_event(session, job, "late_result", f"An older, provisional result ({answer.code}) was seen again.", now)
        job.changed(now)
        return
    before, code_before = job.outcome, job.result_code
    job.state = JobState.DONE
    job.outcome = answer.outcome
    job.result_code = answer.code
    job.result_text = answer.text
    job.smile_job_id = job.smile_job_id or _text_of(answer.payload.get("SmileJobID"))
    if before != job.outcome or job.settled_at is None:
        job.settled_at = None if job.outcome == Outcome.PROVISIONAL else now
    job.last_error = None
    text = f"Confirmed with Smile: {job.outcome}, code {answer.code or 'none'}."
    if before and before != job.outcome:
        text = f"Confirmed with Smile: {job.outcome} (was {before}), code {answer.code or 'none'}."
    add_event(session, job, "confirmed", text, now, {"result_code": answer.code, "source": source.value})
    if code_before != job.result_code:
        bring_back(session, job, "result", now)
    job.changed(now)


def _has_final_answer(session: Session, job: Job) -> bool:
    """An unknown code settles a job too, but what Smile itself calls provisional gives way to whatever follows."""
    final = (Result.job_id == job.id, col(Result.is_confirmed), col(Result.is_final))
    return session.exec(select(Result.id).where(*final).limit(1)).first() is not None


def note_disagreement(session: Session, job: Job, now: datetime) -> None:
    """Raises the alarm when a callback's final claim is not what Smile itself says, and ends it when it is resolved."""
    session.flush()
    results = session.exec(select(Result).where(Result.job_id == job.id).order_by(col(Result.id))).all()
    found = find_disagreement(results)
    before, job.disagreement = job.disagreement, found
    if found and found != before:
        add_event(session, job, "disagreement", found, now)
        bring_back(session, job, "disagreement", now)


def find_disagreement(results: Sequence[Result]) -> str | None:
    """A final claim that Smile's own answer contradicts; a provisional claim only came late, and proves nothing."""
    confirmed = [result for result in results if result.is_confirmed]
    confirmed_codes = {result.result_code for result in confirmed}
    final = [answer for answer in confirmed if answer.is_final]
    claims = [each for each in results if each.is_final and not each.is_confirmed]
    contradicted = [
        claim
        for claim in claims
        if final and claim.result_code not in confirmed_codes and claim.outcome != final[-1].outcome
    ]
    if not contradicted:
        return None
    # Of several the same one is told of, in whatever order they came.
    claim = min(contradicted, key=lambda claim: claim.result_code or "")
    return (
        f"A callback claimed {claim.outcome} (code {claim.result_code}), "
        f"but Smile confirms {final[-1].outcome} (code {final[-1].result_code})."
    )


@cache
def _table() -> dict[str, str]:
    return {row.code: row.outcome for row in result_codes()}


def _outcome_of(code: str | None) -> Outcome:
    try:
        return Outcome(_table().get(code or "", ""))
    except ValueError:
        return Outcome.UNKNOWN  # Nobody documented the code, or not as an outcome of a job.


def _digest(payload: dict[str, Any]) -> str:
    lasting = {key: value for key, value in payload.items() if key not in VOLATILE_KEYS}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def _text_of(value: Any) -> str | None:
    """A short text that every database takes: no NUL, no half of a surrogate pair."""
    text = "" if value is None else str(value)[:LONGEST_TEXT].replace("\0", "")
    return text.encode("utf-8", "replace").decode() or None


def _as_bool(value: Any) -> bool | None:
    """Booleans arrive as such or as their text; anything else says nothing."""
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
