"""Looking at a stored callback once more with the keys of now: only to see, or to process it again for its job."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dashboard.callbacks.facts import Facts, read_facts
from dashboard.callbacks.models import IS_ALARMING, IS_NOT_ALARMING, Callback, Verdict
from dashboard.callbacks.parsing import parse
from dashboard.callbacks.queries import body_of
from dashboard.callbacks.receiving import CAME_TO_ADDRESS, LOST_AFTER, names_job_of_ours
from dashboard.callbacks.verdicts import Judgement, SignatureCheck, check_signature, judge
from dashboard.jobs.models import Job, SentSignature
from dashboard.jobs.timeline import add_event
from dashboard.smile_keys import ApiKeys


@dataclass(frozen=True)
class Processed:
    """What became of it. `accepted_as`: the very same callback came again meanwhile and was accepted then."""

    callback: Callback
    before: Verdict
    found_job: bool
    accepted_as: UUID | None

    @property
    def in_words(self) -> str:
        if self.accepted_as:
            return (
                "The same callback came again meanwhile and was accepted; that one counts, and this one stays as it is."
            )
        now = self.callback.verdict
        words = f"still {now}" if now == self.before else f"{now} now (was {self.before})"
        if self.found_job:
            words += ", and its job is known now"
        return f"Processed again: {words}. {self.callback.reason}"


def verify_again(session: Session, callback: Callback, partner_id: str, keys: ApiKeys, now: datetime) -> Judgement:
    """What its signature proves today, however old it is. Changes nothing."""
    facts = _facts_of(session, callback)
    check = check_signature(facts, partner_id, keys)
    seen = callback.verdict == Verdict.REUSED or _with_signature(session, callback, check.digest, before=True)
    sent = _was_sent_by_us(session, callback, check.digest)
    return judge(facts, check, now=now, was_seen=bool(seen), was_sent_by_us=sent, any_age=True)


def process_again(
    session: Session, callback: Callback, partner_id: str, keys: ApiKeys, asked_by: str, now: datetime
) -> Processed:
    """Judges it as at the time it came, keeps the better verdict, and hands it to its job once more.

    Only one that was refused can become better: whatever else was found, such as an alarm, stays found.
    """
    facts, before = _facts_of(session, callback), callback.verdict
    found_job = callback.job_id is None and _find_its_job(session, callback, facts)
    accepted_as = None
    if callback.is_refused:
        check = check_signature(facts, partner_id, keys)
        accepted_as = _judge_as_received(session, callback, facts, check)
    # Locked after the callback, as when it is handed over.
    job = session.get(Job, callback.job_id, with_for_update=True) if callback.job_id else None
    processed = Processed(callback, before, found_job, accepted_as)
    if job:
        callback.handled_at, callback.due_at, callback.attempts = None, now + LOST_AFTER, 0
        told = {
            "callback_id": str(callback.id),
            "verdict": callback.verdict.value,
            "received_at": callback.received_at.isoformat(),
        }
        add_event(session, job, "callback_again", f"{asked_by} asked. {processed.in_words}", now, told)
        job.changed(now)
    return processed


def _judge_as_received(session: Session, callback: Callback, facts: Facts, check: SignatureCheck) -> UUID | None:
    """Stores the better verdict, if it is one. Else the id of the same callback, where it was accepted meanwhile."""
    while check.digest:
        same = _with_signature(session, callback, check.digest, same_body=True)
        if same:
            return same.id
        other = _with_signature(session, callback, check.digest)
        sent = _was_sent_by_us(session, callback, check.digest)
        judgement = judge(facts, check, now=callback.received_at, was_seen=other is not None, was_sent_by_us=sent)
        try:
            with session.begin_nested():
                _keep(callback, judgement, check.digest, other)
        except IntegrityError:
            continue  # The signature was accepted between our look and our update: look again.
        return None
    return None


def _keep(callback: Callback, judgement: Judgement, digest: str, other: Callback | None) -> None:
    job_step, steps = callback.steps[-1:], list(judgement.steps)
    if other:
        steps.append({"passed": False, "text": f"It was accepted as callback {other.id}, which has another body."})
    callback.verdict, callback.signature_digest = judgement.verdict, digest
    callback.reason = " ".join([judgement.reason, *(step["text"] for step in job_step if not callback.job_id)])
    callback.steps = [*steps, *job_step]


def _find_its_job(session: Session, callback: Callback, facts: Facts) -> bool:
    """An orphan may have come before its job was known here. One that contradicted its address stays nobody's."""
    step = callback.steps[-1] if callback.steps else {}
    if not facts.job_id or str(step.get("text")).startswith(CAME_TO_ADDRESS):
        return False
    job = session.exec(select(Job).where(Job.environment == callback.environment, Job.job_id == facts.job_id)).first()
    if job is None:
        return False
    callback.job_id, callback.product = job.id, job.product
    callback.reason = callback.reason.removesuffix(str(step.get("text"))).rstrip()
    callback.steps = [*callback.steps[:-1], names_job_of_ours(facts)]
    return True


def _facts_of(session: Session, callback: Callback) -> Facts:
    return read_facts(parse(body_of(session, callback)))


def _with_signature(
    session: Session, callback: Callback, digest: str | None, *, same_body: bool = False, before: bool = False
) -> Callback | None:
    """The oldest other callback that carries the same signature; if wanted, only if it came before."""
    if digest is None:
        return None
    is_same = col(Callback.body_sha256) == callback.body_sha256
    others = select(Callback).where(
        Callback.environment == callback.environment,
        Callback.signature_digest == digest,
        Callback.id != callback.id,
        is_same if same_body else ~is_same,
    )
    # One after the other, since each kind has an index of its own; that of the first lets there be only one.
    found = session.exec(others.where(IS_NOT_ALARMING)).one_or_none()
    alarm = session.exec(others.where(IS_ALARMING).order_by(col(Callback.id)).limit(1)).first()
    oldest = min(filter(None, (found, alarm)), key=lambda other: other.id, default=None)
    return oldest if oldest and (oldest.id < callback.id or not before) else None


def _was_sent_by_us(session: Session, callback: Callback, digest: str | None) -> bool:
    """What we sent is remembered for a day only; what was found to be a reflection stays one."""
    if callback.verdict == Verdict.REFLECTED:
        return True
    return digest is not None and session.get(SentSignature, digest) is not None
