"""Storing a callback: find out whether it came before, judge it, keep it. The caller commits before it acknowledges.

Plain statements on the connection: the objects of the session would cost more than the disk does.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, update
from sqlmodel import Session, col, select

from dashboard.callbacks.facts import Facts
from dashboard.callbacks.models import REFUSED_VERDICTS, Callback, Step, Verdict, body_identity
from dashboard.callbacks.verdicts import SignatureCheck, judge
from dashboard.db import keyring_of, new_id
from dashboard.jobs.callback_keys import digest_of_key
from dashboard.jobs.models import Job, SentSignature
from dashboard.jobs.products import Product, product_of_job_type

LOST_AFTER = timedelta(seconds=2)
MOST_REFUSED_KEPT = 1000


@dataclass(frozen=True)
class Addressee:
    """A job of ours, as far as receiving needs to know it."""

    id: UUID
    job_id: str
    product: Product


@dataclass(frozen=True)
class Delivery:
    """One request as it came in. `job_key` is the end of the address of one job, if it came to that."""

    body: bytes
    headers: dict[str, str]
    source_address: str
    received_at: datetime
    environment: str
    job_key: str | None = None


@dataclass(frozen=True)
class Receipt:
    callback_id: UUID
    verdict: Verdict
    needs_handling: bool


def store_callback(session: Session, delivery: Delivery, facts: Facts, check: SignatureCheck) -> Receipt | None:
    """None: it came to the address of a job that is none of ours, and nothing of it is kept."""
    environment, now = delivery.environment, delivery.received_at
    addressee = None
    if delivery.job_key is not None:
        addressee = _find_job(session, environment, Job.callback_key_digest == digest_of_key(delivery.job_key))
        if addressee is None:
            return None
    sha256 = hashlib.sha256(delivery.body).hexdigest()
    was_seen = False
    if check.digest:
        same_id, was_seen = _earlier(session, environment, check.digest, sha256)
        if same_id:
            _note_again(session, same_id, now)
            return Receipt(same_id, Verdict.DUPLICATE, needs_handling=False)
    was_sent_by_us = check.digest is not None and _was_sent_by_us(session, check.digest)
    judgement = judge(facts, check, now=now, was_seen=was_seen, was_sent_by_us=was_sent_by_us)
    job, job_step = _whose(session, environment, addressee, facts)
    is_refused = judgement.verdict in REFUSED_VERDICTS
    # One line on the job's timeline tells that somebody sends unsigned ones; a flood of them adds no more.
    needs_handling = job is not None and not (is_refused and _has_refused(session, job))
    callback_id, keyring = new_id(), keyring_of(session)
    row = {
        "id": callback_id,
        "environment": environment,
        "received_at": now,
        "source_address": delivery.source_address,
        "headers": delivery.headers,
        "body_sealed": keyring.seal(delivery.body, body_identity(callback_id)),
        "body_size": len(delivery.body),
        "body_sha256": sha256,
        "signature_digest": check.digest,
        "verdict": judgement.verdict,
        "reason": judgement.reason if job else f"{judgement.reason} {job_step['text']}",
        "steps": [*judgement.steps, job_step],
        "job_id": job.id if job else None,
        "claimed_job_id": facts.job_id,
        "claimed_smile_job_id": facts.smile_job_id,
        "product": job.product if job else product_of_job_type(facts.job_type),
        "country": facts.country,
        "id_type": facts.id_type,
        "id_number_digest": keyring.digest_for_search(facts.id_number) if facts.id_number else None,
        "result_code": facts.result_code,
        "result_text": facts.result_text,
        "times_seen": 1,
        "last_seen_at": now,
        "handled_at": None if needs_handling else now,
        # The queue is usually faster; whatever is still due then was lost on the way.
        "due_at": now + LOST_AFTER if needs_handling else None,
        "attempts": 0,
        "search_text": facts.search_text,
    }
    session.connection().execute(insert(Callback), row)
    if is_refused:
        _forget_oldest_refused(session, environment)
    return Receipt(callback_id, judgement.verdict, needs_handling)


def _earlier(session: Session, environment: str, digest: str, sha256: str) -> tuple[UUID | None, bool]:
    """The callback that has this signature and body, if any; and whether one has this signature at all."""
    is_same = (col(Callback.body_sha256) == sha256).label("is_same")
    with_signature = select(Callback.id, is_same).where(
        Callback.environment == environment, Callback.signature_digest == digest
    )
    first = session.connection().execute(with_signature.order_by(is_same.desc()).limit(1)).first()
    if first is None:
        return None, False
    return (first.id if first.is_same else None), True


def _was_sent_by_us(session: Session, digest: str) -> bool:
    sent = select(SentSignature.digest).where(SentSignature.digest == digest)
    return session.connection().execute(sent).first() is not None


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
    job = _find_job(session, environment, Job.job_id == facts.job_id)
    if job is None:
        text = f"No job here has the id {facts.job_id}, so it is kept as an orphan."
        return None, {"passed": False, "text": text}
    return job, {"passed": True, "text": f"It names job {facts.job_id}, which is ours."}


def _find_job(session: Session, environment: str, condition: ColumnElement[bool] | bool) -> Addressee | None:
    of_ours = select(Job.id, Job.job_id, Job.product).where(Job.environment == environment, condition)
    found = session.connection().execute(of_ours.limit(1)).first()
    return Addressee(found.id, found.job_id, found.product) if found else None


def _has_refused(session: Session, job: Addressee) -> bool:
    refused = select(Callback.id).where(Callback.job_id == job.id, col(Callback.verdict).in_(REFUSED_VERDICTS))
    return session.connection().execute(refused.limit(1)).first() is not None


def _forget_oldest_refused(session: Session, environment: str) -> None:
    """Whoever has no signature must not be able to fill the disk."""
    refused = (col(Callback.environment) == environment, col(Callback.verdict).in_(REFUSED_VERDICTS))
    newest_to_go = (
        select(Callback.id).where(*refused).order_by(col(Callback.id).desc()).offset(MOST_REFUSED_KEPT).limit(1)
    )
    last = session.connection().execute(newest_to_go).scalar()
    if last:
        session.connection().execute(delete(Callback).where(*refused, col(Callback.id) <= last))
