"""What callbacks claim, and whether Smile's own answers contradict it: for one callback, and for a page of a list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from dashboard.callbacks.models import Callback
from dashboard.jobs.following.outcome import (
    WITHOUT_PAYLOAD,
    ReportedResult,
    StatusAnswer,
    UnknownCause,
    contradicts,
    deciding_answer,
    is_id_step,
    outcome_of,
    read_claim,
    unknown_cause,
)
from dashboard.jobs.following.v3_answers import OUTCOMES, read_v3
from dashboard.jobs.models import Job, Outcome, Result
from dashboard.jobs.products import FACTS
from dashboard.smile.constants import JobType, SmileApi
from dashboard.smile.results import code_of, parse_result
from dashboard.smile.v3 import Decision
from dashboard.smile.v3_names import parts_of

#: For all jobs of one page; a job has a few.
MOST_RESULTS = 1000


@dataclass(frozen=True)
class ListedClaim:
    """A claim as a list shows it, made without reading the body. Without a code it has no outcome."""

    outcome: Outcome | None
    is_final: bool = True
    result_code: str | None = None
    smile_says: Outcome | None = None  # only where it contradicts


def claim_of(callback: Callback, payload: dict[str, Any], job: Job | None) -> StatusAnswer:
    """The claim of one callback, read from its body."""
    if job:
        return claim_about(job, payload)
    result = parse_result(payload)
    return read_v3(payload) if result.is_v3 else read_claim(payload, _job_type_of(callback, result.job_type))


def claim_about(job: Job, payload: dict[str, Any]) -> StatusAnswer:
    """The claim of a callback about this job, read as its generation of Smile's API writes it."""
    return read_v3(payload) if job.api == SmileApi.V3 else read_claim(payload, job.job_type)


def cause_of(callback: Callback, claim: StatusAnswer) -> UnknownCause:
    return unknown_cause(claim.code, _job_type_of(callback))


def outcome_claimed(callback: Callback) -> Outcome | None:
    """The outcome that its code and product stand for; None without a code."""
    if not callback.result_code:
        return None
    if decision := parts_of(callback.result_code)[0]:
        return OUTCOMES[Decision(decision)]
    is_id_step_alone = is_id_step(callback.result_code, _job_type_of(callback))
    return Outcome.UNKNOWN if is_id_step_alone else outcome_of(callback.result_code)


def claims_in_list(session: Session, callbacks: Sequence[Callback]) -> dict[UUID, ListedClaim]:
    """The claims of callbacks that belong to a job, by callback id. It takes two queries and reads no body."""
    job_ids = {callback.job_id for callback in callbacks if callback.job_id}
    stored = select(Result).where(col(Result.job_id).in_(job_ids)).options(WITHOUT_PAYLOAD)
    results: dict[UUID | None, list[Result]] = defaultdict(list)
    for result in session.exec(stored.order_by(col(Result.id).desc()).limit(MOST_RESULTS)).all():
        results[result.job_id].insert(0, result)
    ids_at_smile = _ids_at_smile(session, job_ids)
    return {
        each.id: _listed(each, results[each.job_id] if _is_meant(each, ids_at_smile) else ())
        for each in callbacks
        if each.job_id
    }


def _ids_at_smile(session: Session, job_ids: set[UUID]) -> dict[UUID, str | None]:
    """Smile's ids of those jobs that are of v3."""
    of_v3 = select(Job.id, Job.smile_job_id).where(col(Job.id).in_(job_ids), col(Job.api) == SmileApi.V3)
    return {row.id: row.smile_job_id for row in session.connection().execute(of_v3)} if job_ids else {}


def _is_meant(callback: Callback, ids_at_smile: Mapping[UUID, str | None]) -> bool:
    """As `is_about`, for a list."""
    job_id = callback.job_id
    return job_id is None or ids_at_smile.get(job_id, callback.claimed_smile_job_id) == callback.claimed_smile_job_id


def is_contradicted(claims: Mapping[UUID, ListedClaim], callback: Callback) -> bool:
    return callback.id in claims and claims[callback.id].smile_says is not None


def _listed(callback: Callback, results: Sequence[Result]) -> ListedClaim:
    stored = _stored_claim(callback, [result for result in results if not result.is_confirmed])
    said: ReportedResult = stored or ListedClaim(outcome_claimed(callback), result_code=callback.result_code)
    confirmed, job_type = [result for result in results if result.is_confirmed], _job_type_of(callback)
    decisive = deciding_answer(confirmed, job_type)
    smile_says = decisive.outcome if decisive and contradicts(said, confirmed, job_type) else None
    has_outcome = said.result_code or callback.result_code
    return ListedClaim(said.outcome if has_outcome else None, said.is_final, said.result_code, smile_says)


def _stored_claim(callback: Callback, claims: Sequence[Result]) -> Result | None:
    """Its own claim as it was stored, or else an equal one: equal claims are stored once."""
    own = next((claim for claim in claims if claim.received_at == callback.received_at), None)
    if parts_of(callback.result_code or "")[0]:
        said = (outcome_claimed(callback), parts_of(callback.result_code or "")[1])
        return own or next((claim for claim in claims if (claim.outcome, claim.result_code) == said), None)
    code = code_of(callback.result_code)
    return own or next((claim for claim in claims if code and code_of(claim.result_code) == code), None)


def _job_type_of(callback: Callback, known: int | None = None) -> int:
    """The job type to read its code by. If unknown, that of a product without a face: the code alone decides then."""
    if callback.product:
        return FACTS[callback.product].job_type
    return known or JobType.ENHANCED_KYC
