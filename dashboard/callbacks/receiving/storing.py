"""Stores a group of callbacks: counts duplicates, judges and inserts the others. The caller commits, then acknowledges.

Another process may be storing the same callbacks at this moment. So rows are written in the order of their unique
index, new ones first, and no two transactions can deadlock.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, update
from sqlmodel import col, select

from dashboard.callbacks.erasing import erased_facts
from dashboard.callbacks.models import (
    ALARMING_VERDICTS,
    REFUSED_VERDICTS,
    Callback,
    Step,
    Verdict,
    body_associated_data,
)
from dashboard.callbacks.receiving.parsing import NUL_MARK, Facts
from dashboard.callbacks.receiving.statements import (
    JobRef,
    find_jobs,
    find_jobs_by_key,
    find_jobs_by_smile_id,
    find_signatures,
    insert_callbacks,
)
from dashboard.callbacks.receiving.verdicts import (
    FIRST_USE,
    Judgement,
    Sharing,
    SignatureCheck,
    SignatureUse,
    compare_uses,
    is_fresh,
    judge,
    names_of_job,
)
from dashboard.callbacks.steps import StepKind, make_step
from dashboard.crypto import KeyRing
from dashboard.db import new_id
from dashboard.jobs.erasing import erased_job_ids
from dashboard.jobs.products import Product, product_of_job_type, product_of_v3
from dashboard.jobs.submitting.callback_keys import digest_of_key

LOST_AFTER = timedelta(seconds=2)
MOST_REFUSED_KEPT = 1000


@dataclass(frozen=True)
class Arrival:
    """One request that may be stored. `job_key`: the last part of its address, where that is the address of one job."""

    body: bytes
    headers: dict[str, str]
    source_address: str
    received_at: datetime
    facts: Facts
    check: SignatureCheck
    job_key: str | None = None
    id: UUID = field(default_factory=new_id)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Receipt(NamedTuple):
    callback_id: UUID
    verdict: Verdict
    needs_handling: bool


@dataclass
class _Known:
    """What is already stored about the arrivals. Each new row is added to it."""

    same: dict[tuple[str, str], UUID] = field(default_factory=dict)  # by digests of signature and body
    uses: dict[str, list[SignatureUse]] = field(default_factory=dict)  # by digest of the signature
    sent_by_us: set[str] = field(default_factory=set)
    jobs: dict[str, JobRef] = field(default_factory=dict)  # by the job id that Smile knows
    jobs_by_smile_id: dict[str, JobRef] = field(default_factory=dict)  # those of v3
    jobs_by_key: dict[str | None, JobRef] = field(default_factory=dict)  # by digest of the key in the address
    jobs_with_refused: set[UUID] = field(default_factory=set)


_of_environment = col(Callback.environment) == bindparam("environment")
_is_refused = col(Callback.verdict).in_(REFUSED_VERDICTS)
REFUSED_OF_JOB = select(Callback.id).where(col(Callback.job_id) == bindparam("job_id"), _is_refused).limit(1)
NEWEST_REFUSED_TO_GO = (
    select(Callback.id)
    .where(_of_environment, _is_refused)
    .order_by(col(Callback.id).desc())
    .offset(MOST_REFUSED_KEPT)
    .limit(1)
)
FORGET_REFUSED = delete(Callback).where(_of_environment, _is_refused, col(Callback.id) <= bindparam("last"))
AGAIN = (
    update(Callback)
    .where(col(Callback.id) == bindparam("callback_id"))
    .values(times_seen=col(Callback.times_seen) + bindparam("times"), last_seen_at=bindparam("at"))
)


def store_callbacks(
    connection: Connection, keyring: KeyRing, environment: str, arrivals: Sequence[Arrival]
) -> list[Receipt | None]:
    """Returns one receipt for each, in order. None: it came to the address of no job here and is not kept."""
    known = _look_up(connection, keyring, environment, arrivals)
    receipts: list[Receipt | None] = []
    rows: list[dict[str, Any]] = []
    again: Counter[UUID] = Counter()
    for arrival in arrivals:
        job_at_address = None
        if arrival.job_key is not None:
            job_at_address = known.jobs_by_key.get(digest_of_key(arrival.job_key))
            if job_at_address is None:
                receipts.append(None)
                continue
        first_id = known.same.get((arrival.check.digest or "", arrival.sha256))
        if first_id:
            again[first_id] += 1
            receipts.append(Receipt(first_id, Verdict.DUPLICATE, needs_handling=False))
            continue
        row = _judged_row(connection, keyring, known, arrival, job_at_address)
        rows.append(row | {"environment": environment})
        receipts.append(Receipt(arrival.id, row["verdict"], needs_handling=row["due_at"] is not None))
    if rows:
        insert_callbacks(connection, sorted(rows, key=_what_makes_unique))
    for callback_id, times in sorted(again.items()):
        connection.execute(AGAIN, {"callback_id": callback_id, "times": times, "at": arrivals[-1].received_at})
    if any(row["verdict"] in REFUSED_VERDICTS for row in rows):
        _forget_oldest_refused(connection, environment)
    return receipts


def _what_makes_unique(row: Mapping[str, Any]) -> tuple[str, bool, int, str]:
    """The columns of the two unique indexes of `Callback`, in their order."""
    is_alarming = row["verdict"] in ALARMING_VERDICTS
    return row["signature_digest"] or "", is_alarming, row["signature_use"], row["body_sha256"]


def _look_up(connection: Connection, keyring: KeyRing, environment: str, arrivals: Sequence[Arrival]) -> _Known:
    known = _Known()
    digests = [arrival.check.digest for arrival in arrivals if arrival.check.digest]
    if digests:
        for seen in find_signatures(connection, environment, digests, [arrival.sha256 for arrival in arrivals]):
            if seen.callback_id:
                known.same[seen.digest, seen.body_sha256] = seen.callback_id
            else:
                known.sent_by_us.add(seen.digest)
            if seen.use:
                known.uses.setdefault(seen.digest, []).append(seen.use)
    job_ids = [arrival.facts.job_id for arrival in arrivals if arrival.facts.job_id and not arrival.facts.is_v3]
    if job_ids:
        known.jobs = {job.job_id: job for job in find_jobs(connection, environment, job_ids)}
        # An erased job has another name here. A callback for it must not bring the person's data back.
        unknown = [job_id for job_id in job_ids if job_id not in known.jobs]
        names = {name: job_id for job_id in unknown for name in erased_job_ids(keyring, job_id)}
        if names:
            known.jobs |= {names[job.job_id]: job for job in find_jobs(connection, environment, list(names))}
    smile_ids = [each for arrival in arrivals for each in arrival.facts.named_ids]
    if smile_ids:
        known.jobs_by_smile_id = {
            job.smile_job_id: job for job in find_jobs_by_smile_id(connection, environment, smile_ids)
        }
    key_digests = [digest_of_key(arrival.job_key) for arrival in arrivals if arrival.job_key is not None]
    if key_digests:
        known.jobs_by_key = {job.key_digest: job for job in find_jobs_by_key(connection, environment, key_digests)}
    return known


def _judged_row(
    connection: Connection, keyring: KeyRing, known: _Known, arrival: Arrival, job_at_address: JobRef | None
) -> dict[str, Any]:
    """Judges the arrival and returns its row, except for the environment. Adds it to `known`."""
    facts, digest, now = arrival.facts, arrival.check.digest, arrival.received_at
    job, job_step = _find_job(known, job_at_address, facts)
    names = frozenset[str]() if job_at_address and job is None else names_of_job(job.id if job else None, facts.job_id)
    sharing = _sharing(known, arrival, names)
    judgement = judge(facts, arrival.check, now=now, was_sent_by_us=digest in known.sent_by_us, sharing=sharing)
    if digest:
        known.same[digest, arrival.sha256] = arrival.id
        if judgement.verdict not in ALARMING_VERDICTS:
            own_names = names_of_job(job.id if job else None, facts.job_id)
            use = SignatureUse(arrival.id, now, judgement.verdict == Verdict.VALID, own_names, sharing.number)
            known.uses.setdefault(digest, []).append(use)
    if job_at_address and job_at_address.is_erased:
        # Even if the body names another job: the timeline mentions the callback, and its content is not kept.
        job = job_at_address
    needs_handling = job is not None
    if job and judgement.verdict in REFUSED_VERDICTS:
        # One line on the job's timeline says that unsigned ones arrive. A flood adds no further lines.
        needs_handling = not _has_refused(connection, known, job)
        known.jobs_with_refused.add(job.id)
    number = 0 if judgement.verdict in ALARMING_VERDICTS else sharing.number
    row = callback_row(keyring, arrival, judgement, job, job_step, number, needs_handling=needs_handling)
    if job and job.is_erased:
        nothing: dict[str, Any] = {"body_sealed": b"", "headers": {}, "id_number_digest": None, "erased_at": now}
        row |= nothing | erased_facts(job.job_id, facts.result_code)
    return row


def callback_row(
    keyring: KeyRing,
    arrival: Arrival,
    judgement: Judgement,
    job: JobRef | None,
    job_step: Step,
    number: int,
    *,
    needs_handling: bool,
) -> dict[str, Any]:
    """A value for every column, except the environment. `number`: how many carried the same signature before."""
    facts, now = arrival.facts, arrival.received_at
    return {
        "id": arrival.id,
        "received_at": now,
        "source_address": arrival.source_address,
        "headers": arrival.headers,
        "body_sealed": keyring.seal(arrival.body, body_associated_data(arrival.id)),
        "body_size": len(arrival.body),
        "body_sha256": arrival.sha256,
        "signature_digest": arrival.check.digest,
        "signature_use": number,
        "verdict": judgement.verdict,
        "reason": "",
        "steps": [*judgement.steps, job_step],
        "job_id": job.id if job else None,
        "claimed_job_id": facts.job_id,
        "claimed_smile_job_id": facts.smile_job_id,
        "product": job.product if job else _product_of(facts),
        "country": facts.country,
        "id_type": facts.id_type,
        "id_number_digest": keyring.digest_for_search(facts.id_number) if facts.id_number else None,
        "result_code": facts.result_code,
        "result_text": facts.result_text,
        "times_seen": 1,
        "last_seen_at": now,
        "handled_at": None if needs_handling else now,
        # The queue is usually faster. If it is still due then, its task was lost.
        "due_at": now + LOST_AFTER if needs_handling else None,
        "attempts": 0,
        "search_text": facts.search_text.replace(NUL_MARK, ""),
        "erased_at": None,
    }


def _product_of(facts: Facts) -> Product | None:
    return product_of_v3(facts.product) if facts.is_v3 else product_of_job_type(facts.job_type)


def _sharing(known: _Known, arrival: Arrival, names: frozenset[str]) -> Sharing:
    uses = known.uses.get(arrival.check.digest or "")
    if not uses:
        return FIRST_USE
    return compare_uses(names, arrival.received_at, is_fresh(arrival.facts, arrival.received_at), uses)


def _find_job(known: _Known, job_at_address: JobRef | None, facts: Facts) -> tuple[JobRef | None, Step]:
    """The job that the callback belongs to, and why. If its body contradicts its address it belongs to neither."""
    if facts.is_v3:
        return _find_v3_job(known, job_at_address, facts)
    if job_at_address and facts.job_id in ("", job_at_address.job_id):
        return job_at_address, make_step(True, StepKind.AT_ADDRESS, job_id=job_at_address.job_id)
    if job_at_address:
        return None, make_step(False, StepKind.AT_OTHER_ADDRESS, job_id=job_at_address.job_id, named=facts.job_id)
    if not facts.job_id:
        return None, make_step(False, StepKind.NAMES_NO_JOB)
    job = known.jobs.get(facts.job_id)
    if job is None:
        return None, make_step(False, StepKind.NAMES_UNKNOWN_JOB, job_id=facts.job_id)
    return job, names_own_job(facts)


def _find_v3_job(known: _Known, job_at_address: JobRef | None, facts: Facts) -> tuple[JobRef | None, Step]:
    """As `_find_job`, by the id that Smile gave the job. A job whose id is not known yet may turn out to be meant."""
    named = facts.smile_job_id
    if len(facts.named_ids) > 1:
        return None, make_step(False, StepKind.NAMES_TWO_JOBS)
    job = known.jobs_by_smile_id.get(named)
    if job_at_address is None:
        if job is None:
            kind = StepKind.NAMES_UNKNOWN_JOB if named else StepKind.NAMES_NO_JOB
            return None, make_step(False, kind, **({"job_id": named} if named else {}))
        return job, names_own_job(facts)
    at = {"job_id": job_at_address.job_id}
    if job_at_address.is_v3 and job is None and named and not job_at_address.smile_job_id:
        return job_at_address, make_step(None, StepKind.AWAITS_ID, **at, named=named)
    if job_at_address.is_v3 and (not named or (job and job.id == job_at_address.id)):
        return job_at_address, make_step(True, StepKind.AT_ADDRESS, **at)
    return None, make_step(False, StepKind.AT_OTHER_ADDRESS, **at, named=named)


def names_own_job(facts: Facts) -> Step:
    return make_step(True, StepKind.NAMES_OUR_JOB, job_id=facts.job_id)


def _has_refused(connection: Connection, known: _Known, job: JobRef) -> bool:
    if job.id in known.jobs_with_refused:
        return True
    return connection.execute(REFUSED_OF_JOB, {"job_id": job.id}).first() is not None


def _forget_oldest_refused(connection: Connection, environment: str) -> None:
    """Keeps senders without a valid signature from filling the disk."""
    last = connection.execute(NEWEST_REFUSED_TO_GO, {"environment": environment}).scalar()
    if last:
        connection.execute(FORGET_REFUSED, {"environment": environment, "last": last})
