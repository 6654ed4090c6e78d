"""Reads Smile's answers, stores each as a Result, and settles the job when an answer is confirmed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from dashboard.db import keyring_of
from dashboard.jobs.dealt_with import bring_back
from dashboard.jobs.models import Job, JobState, Outcome, Result, ResultSource, payload_associated_data
from dashboard.jobs.problems import CONTRADICTED, disagreement_words
from dashboard.jobs.submitting.link_progress import note_progress
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.jobs.warnings import keep_warnings
from dashboard.smile.constants import ID_API_JOB_TYPES, result_codes
from dashboard.smile.results import SmileResult, code_of, parse_result, plain
from dashboard.smile.warnings import SMILE_SECURE_CODES

#: Fields that differ in every answer, even when nothing has happened.
VOLATILE_KEYS = frozenset({"timestamp", "signature", "ImageLinks"}) | {"created_at", "image_links", "kyc_receipt"}
VOLATILE_ID_FIELDS = frozenset({"photo_url", "document_link"})
#: The ID step of a job with a face, which alone does not decide it.
ID_STEP_CODES = frozenset({"1012"})
#: A payload may contain photos, and the other columns hold what an answer says.
WITHOUT_PAYLOAD = defer(Result.payload_sealed)  # type: ignore[arg-type]  # SQLModel types a column as its value
DECIDED = frozenset({Outcome.APPROVED, Outcome.REJECTED, Outcome.ATTENTION, Outcome.ERROR})


class UnknownCause(StrEnum):
    """Why an outcome is unknown. Not stored: it follows from the code and the job type."""

    NO_CODE = "no_code"
    UNDOCUMENTED = "undocumented"
    NOT_AN_OUTCOME = "not_an_outcome"  # a documented code, but for requests or for another kind of answer
    ID_STEP = "id_step"
    SELF_CONTRADICTION = "self_contradiction"  # between the code and job_success


class ReportedResult(Protocol):
    """What an answer or a claim says: a row of `Result`, or an answer just read."""

    @property
    def result_code(self) -> str | None: ...
    @property
    def outcome(self) -> Outcome | None: ...
    @property
    def is_final(self) -> bool: ...


T = TypeVar("T", bound=ReportedResult)


@dataclass(frozen=True)
class StatusAnswer:
    """One result, whether Smile answered it to us or a callback claims it."""

    payload: dict[str, Any]
    outcome: Outcome | None  # None: it says nothing about the outcome
    code: str | None
    text: str | None
    is_final: bool
    smile_job_id: str = ""

    @property
    def result_code(self) -> str | None:
        return self.code


def read_result(payload: dict[str, Any], job_type: int, success: bool | None = None) -> StatusAnswer:
    """Reads a result. `success` is job_status's own verdict, where given; a contradiction goes to a person."""
    return _judged(parse_result(payload), job_type, success)


def read_claim(payload: dict[str, Any], job_type: int) -> StatusAnswer:
    """Reads a callback, in either shape. Its own `job_success` can only cast doubt on its code, never confirm it."""
    claimed = parse_result(payload)
    return _judged(claimed, job_type, success=False if claimed.success is False else None)


def read_job_status(answer: dict[str, Any], job_type: int) -> StatusAnswer | None:
    """Reads the result in a job_status answer; None while there is none, or the job is still running."""
    status = parse_result(answer, is_job_status=True)
    if not status.code:
        return None
    result = _judged(status, job_type, status.success)
    return result if status.is_complete or result.outcome == Outcome.PROVISIONAL else None


def _judged(result: SmileResult, job_type: int, success: bool | None) -> StatusAnswer:
    if result.code in SMILE_SECURE_CODES:  # It is about other customers and says nothing about the outcome.
        return StatusAnswer(plain(result.entry), None, result.code, result.text, False, result.smile_job_id)
    outcome, is_final = outcome_of(result.code), result.is_final
    if job_type in ID_API_JOB_TYPES:
        success = None  # Nothing is matched or enrolled, so job_success says nothing.
    if outcome in (Outcome.APPROVED, Outcome.REJECTED) and not is_final:
        outcome = Outcome.PROVISIONAL
    elif outcome == Outcome.APPROVED and (success is False or (is_id_step(result.code, job_type) and not success)):
        # Smile reports the ID step alone, or does not count it as a success: never approve on half a check.
        outcome = Outcome.UNKNOWN
    elif outcome == Outcome.REJECTED and success:
        outcome = Outcome.UNKNOWN  # A rejection with success contradicts itself.
    is_final = is_final and outcome != Outcome.PROVISIONAL
    return StatusAnswer(plain(result.entry), outcome, result.code, result.text, is_final, result.smile_job_id)


def outcome_of(code: str | None) -> Outcome:
    """The outcome of a code, by the shipped table alone."""
    try:
        return Outcome(_table().get(code_of(code) or "", ""))
    except ValueError:
        return Outcome.UNKNOWN  # The code is not documented, or not as an outcome of a job.


def is_id_step(code: str | None, job_type: int) -> bool:
    """Whether the code is about the ID number alone, where the job has a face to compare as well."""
    return code_of(code) in ID_STEP_CODES and job_type not in ID_API_JOB_TYPES


def unknown_cause(code: str | None, job_type: int) -> UnknownCause:
    """Why an answer with this code, for a job of this type, has an unknown outcome."""
    code = code_of(code)
    if not code:
        return UnknownCause.NO_CODE
    if code not in _table():
        return UnknownCause.UNDOCUMENTED
    if is_id_step(code, job_type):
        return UnknownCause.ID_STEP
    return UnknownCause.NOT_AN_OUTCOME if outcome_of(code) == Outcome.UNKNOWN else UnknownCause.SELF_CONTRADICTION


def contradicts(claim: ReportedResult, confirmed: Sequence[ReportedResult], job_type: int) -> bool:
    """Whether a claim contradicts Smile's own answers, which come oldest first.

    Of several final answers the newest decides. A claim contradicts nothing if it is provisional, unknown, about the
    ID step alone, or equal to anything that Smile has confirmed: by its code, or in v3, where Smile confirms no reason,
    by its decision.
    """
    if not claim.is_final or claim.outcome not in DECIDED or is_id_step(claim.result_code, job_type):
        return False
    decisive = deciding_answer(confirmed, job_type)
    if decisive is None or claim.outcome == decisive.outcome:
        return False
    return _said(claim) not in {_said(answer) for answer in confirmed}


def _said(result: ReportedResult) -> str | None:
    """What counts as the same answer: the code; in v3, whose reasons are words and often missing, the outcome."""
    code = code_of(result.result_code)
    return code if code and code.isdigit() else result.outcome


def deciding_answer(confirmed: Sequence[T], job_type: int) -> T | None:
    """The newest final answer; the ID step of a job with a face decides nothing. Answers come oldest first."""
    final = [each for each in confirmed if each.is_final and not _is_id_step_alone(each, job_type)]
    return final[-1] if final else None


def _is_id_step_alone(answer: ReportedResult, job_type: int) -> bool:
    return answer.outcome == Outcome.UNKNOWN and is_id_step(answer.result_code, job_type)


def keep_result(
    session: Session, job: Job, answer: StatusAnswer, source: ResultSource, now: datetime, *, is_confirmed: bool
) -> bool:
    """Adds a Result row unless this source said the same before; returns whether it is news.

    Smile may return to an earlier answer, which is news then. A repeated claim is not, even with a new signature and
    after others, since the order of callbacks means nothing.
    """
    if job.erased_at:
        return False  # Nothing may bring back the erased person.
    digest = digest_of_payload(lasting_text(answer.payload))
    stored = select(Result.payload_digest).where(Result.job_id == job.id, Result.source == source)
    # Confirmed: compare with the newest answer. Claimed: look for the same claim, however old.
    stored = stored.order_by(col(Result.id).desc()) if is_confirmed else stored.where(Result.payload_digest == digest)
    if session.exec(stored.limit(1)).first() == digest:
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
    result.payload_sealed = keyring_of(session).seal_json(answer.payload, payload_associated_data(result.id))
    session.add(result)
    keep_warnings(session, job, answer.payload, source, now, is_confirmed=is_confirmed)
    return True


def settle_job(session: Session, job: Job, answer: StatusAnswer, source: ResultSource, now: datetime) -> None:
    """Applies a confirmed answer: one to our own request, never a callback's claim."""
    is_news = keep_result(session, job, answer, source, now, is_confirmed=True)
    note_disagreement(session, job, now)
    if answer.outcome is None or (not is_news and job.state == JobState.DONE):
        return
    is_id_step_only = _is_id_step_alone(answer, job.job_type)
    if job.state == JobState.DONE and (not answer.is_final or is_id_step_only) and _has_final_answer(session, job):
        add_event(session, job, EventKind.LATE_RESULT, now, {"code": answer.code, "is_id_step": is_id_step_only})
        job.changed(now)
        return
    before, code_before = job.outcome, job.result_code
    job.state = JobState.DONE
    job.outcome = answer.outcome
    job.result_code = answer.code
    job.result_text = answer.text
    job.smile_job_id = job.smile_job_id or answer.smile_job_id or None
    if before != job.outcome or job.settled_at is None:
        job.settled_at = None if job.outcome == Outcome.PROVISIONAL else now
    job.note_problem(None)
    facts = {"result_code": answer.code, "source": source.value, "outcome": answer.outcome.value}
    if before and before != job.outcome:
        facts["before"] = before.value
    add_event(session, job, EventKind.CONFIRMED, now, facts)
    if code_before != job.result_code:
        bring_back(session, job, "result", now)
    job.changed(now)
    note_progress(session, job)


def _has_final_answer(session: Session, job: Job) -> bool:
    """Whether a final answer was stored. A provisional one does not count: it gives way to whatever follows."""
    final = (Result.job_id == job.id, col(Result.is_confirmed), col(Result.is_final))
    answers = session.exec(select(Result).where(*final).order_by(col(Result.id)).options(WITHOUT_PAYLOAD)).all()
    return deciding_answer(answers, job.job_type) is not None


def note_disagreement(session: Session, job: Job, now: datetime) -> None:
    """Raises the alarm when a callback's final claim contradicts Smile's own answers; ends it when that is resolved."""
    session.flush()
    stored = select(Result).where(Result.job_id == job.id).order_by(col(Result.id)).options(WITHOUT_PAYLOAD)
    found = find_disagreement(session.exec(stored).all(), job.job_type)
    is_news = found is not None and found != job.disagreement_facts and not _is_older_alarm(job, found)
    job.disagreement, job.disagreement_facts = CONTRADICTED if found else None, found
    if found and is_news:
        add_event(session, job, EventKind.DISAGREEMENT, now, found)
        bring_back(session, job, "disagreement", now)


def _is_older_alarm(job: Job, found: Mapping[str, Any]) -> bool:
    """Whether an older job, which holds its alarm as words alone, has this alarm already."""
    return job.disagreement_facts is None and job.disagreement == disagreement_words(found)


def find_disagreement(results: Sequence[Result], job_type: int) -> dict[str, Any] | None:
    """A claim that Smile's own answers contradict, with the deciding answer; None where there is none."""
    confirmed = [result for result in results if result.is_confirmed]
    claims = [result for result in results if not result.is_confirmed]
    contradicted = [claim for claim in claims if contradicts(claim, confirmed, job_type)]
    decisive = deciding_answer(confirmed, job_type)
    if not contradicted or not decisive:
        return None
    # Of several, always name the same one, in whatever order they came.
    claim = min(contradicted, key=lambda claim: (code_of(claim.result_code) or "", claim.outcome or ""))
    return {
        "claimed": claim.outcome,
        "claimed_code": claim.result_code,
        "confirmed": decisive.outcome,
        "confirmed_code": decisive.result_code,
    }


@cache
def _table() -> dict[str, str]:
    return {row.code: row.outcome for row in result_codes()}


def lasting_text(payload: Mapping[str, Any]) -> str:
    """What is the same in every answer that says the same."""
    lasting = {key: value for key, value in payload.items() if key not in VOLATILE_KEYS}
    if isinstance(fields := lasting.get("id_fields"), dict):
        lasting["id_fields"] = {key: value for key, value in fields.items() if key not in VOLATILE_ID_FIELDS}
    return json.dumps(lasting, sort_keys=True)


def digest_of_payload(lasting: str) -> str:
    return hashlib.sha256(lasting.encode()).hexdigest()
