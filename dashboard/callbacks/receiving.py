"""Storing a callback: find out whether it came before, judge it, keep it. The caller commits before it acknowledges."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from dashboard.callbacks.facts import Facts
from dashboard.callbacks.models import REFUSED_VERDICTS, Callback, Step, Verdict, body_identity
from dashboard.callbacks.verdicts import SignatureCheck, judge
from dashboard.db import keyring_of, new_id
from dashboard.errors import NotFound
from dashboard.jobs.callback_keys import digest_of_key
from dashboard.jobs.models import Job, SentSignature

MOST_REFUSED_KEPT = 1000


@dataclass(frozen=True)
class Addressee:
    """A job of ours, as far as receiving needs to know it."""

    id: UUID
    job_id: str


@dataclass(frozen=True)
class Delivery:
    """One request as it came in. `addressee` is the job whose own address it came to."""

    body: bytes
    headers: dict[str, str]
    source_address: str
    received_at: datetime
    environment: str
    addressee: Addressee | None = None


@dataclass(frozen=True)
class Receipt:
    callback_id: UUID
    verdict: Verdict
    needs_handling: bool


def job_of_key(session: Session, environment: str, key: str) -> Addressee:
    job = _find_job(session, environment, callback_key_digest=digest_of_key(key))
    if job is None:
        raise NotFound
    return job


def store_callback(session: Session, delivery: Delivery, facts: Facts, check: SignatureCheck) -> Receipt:
    environment, now = delivery.environment, delivery.received_at
    sha256 = hashlib.sha256(delivery.body).hexdigest()
    was_seen = False
    if check.digest:
        same_id, was_seen = _earlier(session, environment, check.digest, sha256)
        if same_id:
            _note_again(session, same_id, now)
            return Receipt(same_id, Verdict.DUPLICATE, needs_handling=False)
    was_sent_by_us = bool(check.digest) and session.get(SentSignature, check.digest) is not None
    judgement = judge(facts, check, now=now, was_seen=was_seen, was_sent_by_us=was_sent_by_us)
    job, job_step = _whose(session, environment, delivery.addressee, facts)
    is_refused = judgement.verdict in REFUSED_VERDICTS
    # One line on the job's timeline tells that somebody sends unsigned ones; a flood of them adds no more.
    needs_handling = job is not None and not (is_refused and _has_refused(session, job))
    callback_id = new_id()
    row = {
        "id": callback_id,
        "environment": environment,
        "received_at": now,
        "source_address": delivery.source_address,
        "headers": delivery.headers,
        "body_sealed": keyring_of(session).seal(delivery.body, body_identity(callback_id)),
        "body_size": len(delivery.body),
        "body_sha256": sha256,
        "signature_digest": check.digest,
        "verdict": judgement.verdict,
        "reason": judgement.reason if job else f"{judgement.reason} {job_step['text']}",
        "steps": [*judgement.steps, job_step],
        "job_id": job.id if job else None,
        "claimed_job_id": facts.job_id,
        "claimed_smile_job_id": facts.smile_job_id,
        "result_code": facts.result_code,
        "result_text": facts.result_text,
        "times_seen": 1,
        "last_seen_at": now,
        "handled_at": None if needs_handling else now,
        "search_text": facts.search_text,
    }
    # On the connection: a plain INSERT, without what the session does to keep track of objects.
    session.connection().execute(insert(Callback), row)
    if is_refused:
        _forget_oldest_refused(session, environment)
    return Receipt(callback_id, judgement.verdict, needs_handling)


def _earlier(session: Session, environment: str, digest: str, sha256: str) -> tuple[UUID | None, bool]:
    """The callback that has this signature and body, if any; and whether one has this signature at all."""
    with_signature = select(Callback.id, Callback.body_sha256).where(
        Callback.environment == environment, Callback.signature_digest == digest
    )
    first = session.exec(with_signature.limit(1)).first()
    if first is None:
        return None, False
    same = session.exec(with_signature.where(Callback.body_sha256 == sha256)).first()
    return (same[0] if same else None), True


def _note_again(session: Session, callback_id: UUID, now: datetime) -> None:
    again = update(Callback).where(col(Callback.id) == callback_id)
    session.connection().execute(again.values(times_seen=col(Callback.times_seen) + 1, last_seen_at=now))


def _whose(
    session: Session, environment: str, addressee: Addressee | None, facts: Facts
) -> tuple[Addressee | None, Step]:
    """The job it belongs to, and the same in words. A body that contradicts its address belongs to neither job."""
    if addressee and facts.job_id in ("", addressee.job_id):
        return addressee, {"passed": True, "text": f"It came to the address of job {addressee.job_id}."}
    if addressee:
        text = (
            f"It came to the address of job {addressee.job_id} but names job {facts.job_id}, so it belongs to neither."
        )
        return None, {"passed": False, "text": text}
    if not facts.job_id:
        return None, {"passed": False, "text": "It names no job, so it is kept as an orphan."}
    job = _find_job(session, environment, job_id=facts.job_id)
    if job is None:
        text = f"No job here has the id {facts.job_id}, so it is kept as an orphan."
        return None, {"passed": False, "text": text}
    return job, {"passed": True, "text": f"It names job {facts.job_id}, which is ours."}


def _find_job(session: Session, environment: str, **by: str) -> Addressee | None:
    found = session.exec(select(Job.id, Job.job_id).where(Job.environment == environment).filter_by(**by)).first()
    return Addressee(*found) if found else None


def _has_refused(session: Session, job: Addressee) -> bool:
    refused = select(Callback.id).where(Callback.job_id == job.id, col(Callback.verdict).in_(REFUSED_VERDICTS))
    return session.exec(refused.limit(1)).first() is not None


def _forget_oldest_refused(session: Session, environment: str) -> None:
    """Whoever has no signature must not be able to fill the disk."""
    refused = (col(Callback.environment) == environment, col(Callback.verdict).in_(REFUSED_VERDICTS))
    newest_to_go = (
        select(Callback.id).where(*refused).order_by(col(Callback.id).desc()).offset(MOST_REFUSED_KEPT).limit(1)
    )
    last = session.exec(newest_to_go).first()
    if last:
        session.connection().execute(delete(Callback).where(*refused, col(Callback.id) <= last))
