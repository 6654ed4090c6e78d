"""Judges a stored callback again with the current keys: only to show the result, or to process it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dashboard.callbacks.earlier_texts import legacy_reason_without_job
from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import ALARMING_VERDICTS, IS_ALARMING, IS_NOT_ALARMING, Callback, Verdict
from dashboard.callbacks.queries import body_of
from dashboard.callbacks.reason_words import processed_words, reason_facts
from dashboard.callbacks.receiving.parsing import Facts, parse, read_facts
from dashboard.callbacks.receiving.storing import LOST_AFTER, names_own_job
from dashboard.callbacks.receiving.verdicts import (
    USED_BEFORE,
    Judgement,
    Sharing,
    SignatureCheck,
    SignatureUse,
    check_signature,
    compare_uses,
    is_fresh,
    judge,
    names_of_job,
)
from dashboard.callbacks.steps import StepKind, kind_of, make_step
from dashboard.callbacks.text_index import index_accepted
from dashboard.jobs.models import Job, SentSignature
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import ApiKeys
from dashboard.web.pages.locales import formats_here


@dataclass(frozen=True)
class Processed:
    """The result of processing again. `accepted_as`: the same callback that arrived again later and was accepted."""

    callback: Callback
    before: Verdict
    found_job: bool
    accepted_as: UUID | None

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "callback_id": str(self.callback.id),
            "verdict": self.callback.verdict.value,
            "received_at": self.callback.received_at.isoformat(),
            "before": self.before.value,
            "found_job": self.found_job,
            "accepted_as": str(self.accepted_as) if self.accepted_as else None,
            "reason": reason_facts(self.callback),
        }

    @property
    def in_words(self) -> str:
        return processed_words(self.facts, formats_here())


def verify_again(session: Session, callback: Callback, partner_id: str, keys: ApiKeys, now: datetime) -> Judgement:
    """Judges its signature with the current keys, however old it is. Changes nothing."""
    facts = _facts_of(session, callback)
    check = check_signature(facts, partner_id, keys)
    sharing, _ = _sharing(session, callback, facts, check.digest, before=True)
    if callback.verdict == Verdict.REUSED and not sharing.is_alarm:
        sharing = USED_BEFORE  # A finding on arrival stays, even if the other callback is gone.
    sent = _was_sent_by_us(session, callback, check.digest)
    return judge(facts, check, now=now, sharing=sharing, was_sent_by_us=sent, any_age=True)


def process_again(
    session: Session, callback: Callback, partner_id: str, keys: ApiKeys, asked_by: str, now: datetime
) -> Processed:
    """Judges it as at its arrival, keeps the better verdict, and passes it to its job once more.

    Only a refused callback can get a better verdict: any other finding, such as an alarm, stays.
    """
    facts, before = _facts_of(session, callback), callback.verdict
    found_job = callback.job_id is None and _find_its_job(session, callback, facts)
    accepted_as = None
    if callback.is_refused:
        check = check_signature(facts, partner_id, keys)
        accepted_as = _judge_as_received(session, callback, facts, check)
    # Locked after the callback, as in `hand_to_job`.
    job = session.get(Job, callback.job_id, with_for_update=True) if callback.job_id else None
    processed = Processed(callback, before, found_job, accepted_as)
    if job:
        callback.handled_at, callback.due_at, callback.attempts = None, now + LOST_AFTER, 0
        add_event(session, job, EventKind.CALLBACK_AGAIN, now, {"by": asked_by} | processed.facts)
        job.changed(now)
    if callback.verdict != before:
        index_accepted(session, callback)
    return processed


def _judge_as_received(session: Session, callback: Callback, facts: Facts, check: SignatureCheck) -> UUID | None:
    """Stores the better verdict, if any. Returns the id of the same callback if that was accepted meanwhile."""
    while check.digest:
        same = _with_same_body(session, callback, check.digest)
        if same:
            return same.id
        sharing, other_id = _sharing(session, callback, facts, check.digest)
        sent = _was_sent_by_us(session, callback, check.digest)
        judgement = judge(facts, check, now=callback.received_at, sharing=sharing, was_sent_by_us=sent)
        try:
            with session.begin_nested():
                _keep(callback, judgement, check.digest, sharing, other_id)
        except IntegrityError:
            continue  # The signature was accepted between our lookup and our update: look it up again.
        return None
    return None


def _keep(callback: Callback, judgement: Judgement, digest: str, sharing: Sharing, other_id: UUID | None) -> None:
    job_step, steps = callback.steps[-1:], list(judgement.steps)
    if other_id and sharing.is_alarm:
        steps.append(make_step(False, StepKind.ACCEPTED_AS, callback_id=str(other_id)))
    callback.verdict, callback.signature_digest = judgement.verdict, digest
    callback.signature_use = 0 if judgement.verdict in ALARMING_VERDICTS else sharing.number
    callback.reason, callback.steps = "", [*steps, *job_step]


def _find_its_job(session: Session, callback: Callback, facts: Facts) -> bool:
    """Looks for the job of an orphan that arrived before it. One that contradicted its address stays an orphan."""
    if not facts.job_id or _contradicts_its_address(callback):
        return False
    by_name = _of_v3(facts) if facts.is_v3 else (Job.job_id == facts.job_id,)
    job = session.exec(select(Job).where(Job.environment == callback.environment, *by_name)).first()
    if job is None:
        return False
    callback.job_id, callback.product = job.id, job.product
    callback.reason = legacy_reason_without_job(callback)
    callback.steps = [*callback.steps[:-1], names_own_job(facts)]
    return True


def _of_v3(facts: Facts) -> tuple[Any, ...]:
    """The condition on the job that a webhook of v3 names, as at its arrival."""
    if len(facts.named_ids) > 1:
        return (false(),)
    return Job.smile_job_id == facts.smile_job_id, col(Job.api) == SmileApi.V3


def _facts_of(session: Session, callback: Callback) -> Facts:
    return read_facts(parse(body_of(session, callback)), callback.headers)


def _sharing(
    session: Session, callback: Callback, facts: Facts, digest: str | None, *, before: bool = False
) -> tuple[Sharing, UUID | None]:
    """What other callbacks with its signature mean for it, as at its arrival, and the id of the oldest of them.

    `before`: counts only those that arrived before it.
    """
    found = _others(session, callback, digest, col(Callback.body_sha256) != callback.body_sha256)
    others = [other for other in found if not before or other.id < callback.id]
    uses = [_use(other) for other in others if other.verdict not in ALARMING_VERDICTS]
    names = frozenset[str]() if _contradicts_its_address(callback) else names_of_job(callback.job_id, facts.job_id)
    sharing = compare_uses(names, callback.received_at, is_fresh(facts, callback.received_at), uses)
    if others and not uses:
        sharing = USED_BEFORE  # Only those that raised an alarm are left.
    return sharing, min((other.id for other in others), default=None)


def _use(other: Callback) -> SignatureUse:
    names = names_of_job(other.job_id, other.claimed_job_id)
    return SignatureUse(other.id, other.received_at, other.verdict == Verdict.VALID, names, other.signature_use)


def _with_same_body(session: Session, callback: Callback, digest: str) -> Callback | None:
    return next(iter(_others(session, callback, digest, col(Callback.body_sha256) == callback.body_sha256)), None)


def _others(session: Session, callback: Callback, digest: str | None, body_fits: ColumnElement[bool]) -> list[Callback]:
    """Other callbacks with the same signature, oldest first. Of those that raised an alarm, only the oldest."""
    if digest is None:
        return []
    others = select(Callback).where(
        Callback.environment == callback.environment,
        Callback.signature_digest == digest,
        Callback.id != callback.id,
        body_fits,
    )
    others = others.options(WITHOUT_BODY)
    # Two queries, since each kind has its own index. The first index allows only a few.
    found = session.exec(others.where(IS_NOT_ALARMING)).all()
    alarm = session.exec(others.where(IS_ALARMING).order_by(col(Callback.id)).limit(1)).all()
    return sorted((*found, *alarm), key=lambda other: other.id)


def _contradicts_its_address(callback: Callback) -> bool:
    return callback.job_id is None and any(kind_of(step) == StepKind.AT_OTHER_ADDRESS for step in callback.steps[-1:])


def _was_sent_by_us(session: Session, callback: Callback, digest: str | None) -> bool:
    """Whether we sent its signature. Ours are remembered for a day only, but a reflected callback stays reflected."""
    if callback.verdict == Verdict.REFLECTED:
        return True
    return digest is not None and session.get(SentSignature, digest) is not None
