"""A link in words: how far its customer is, and what happened to it when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dashboard.jobs.models import Job
from dashboard.jobs.showing.wording import next_step, verdict_sentence
from dashboard.jobs.warnings import JobWarning
from dashboard.links.messages import SentMessage
from dashboard.links.models import Link, LinkStart, Progress, Stage
from dashboard.team.email.outbox import OutgoingMail

SENTENCES = {
    Stage.CREATED: "Nobody has opened the address yet.",
    Stage.OPENED: "The page was opened. Start was not pressed yet.",
    Stage.STARTED: "The customer pressed Start and has not finished yet.",
    Stage.SUBMITTED: "The customer is done. Smile is working on it.",
    Stage.EXPIRED: "Its time is over, and nobody finished.",
    Stage.PAUSED: "Paused: the page says that the link does not work, until you resume it.",
    Stage.REVOKED: "Revoked for good.",
}


@dataclass(frozen=True)
class Verdict:
    """`job` is the one that it tells of, where there is a result."""

    sentence: str
    next_step: str = ""
    job: Job | None = None


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline. `mail`: the e-mail that it tells of, while it is known what became of it."""

    at: datetime
    text: str
    is_mailed: bool = False
    mail: OutgoingMail | None = None


def verdict_of(
    stage: Stage,
    progress: Progress,
    jobs: Sequence[tuple[Job, LinkStart]],
    warnings: Mapping[UUID, Sequence[JobWarning]],
    now: datetime,
) -> Verdict:
    """Of the newest job that has an outcome, once there is one."""
    decided = next((job for job, _ in jobs if job.outcome is not None), None)
    if stage != Stage.RESULT or decided is None:
        return Verdict("The verification ended without a result." if stage == Stage.RESULT else SENTENCES[stage])
    said = verdict_sentence(decided, warnings.get(decided.id, ()))
    which = f"The newest of {progress.jobs} verifications: {said}" if progress.jobs > 1 else said
    return Verdict(which, next_step(decided, now), decided)


def timeline_of(link: Link, progress: Progress, sent: Sequence[SentMessage]) -> list[TimelineEntry]:
    """Oldest first."""
    moments = [
        (link.created_at, f"Made by {link.created_by}."),
        (link.opened_at, "Opened for the first time."),
        (link.started_at, "Start was pressed for the first time."),
        (progress.submitted_at, "Everything was submitted to Smile."),
        (progress.settled_at, "Smile had a result."),
        (link.paused_at, "Paused."),
        (link.revoked_at, "Revoked for good."),
        (link.erased_at, "The customer was erased."),
    ]
    told = [TimelineEntry(at, text) for at, text in moments if at]
    told += [TimelineEntry(each.message.at, _sent_words(each), each.message.is_mailed, each.mail) for each in sent]
    return sorted(told, key=lambda moment: moment.at)


def _sent_words(sent: SentMessage) -> str:
    message = sent.message
    if not message.is_mailed:
        return f"Reminded by {message.sent_by}, with a new address to hand over."
    to = f" to {sent.masked_email}" if sent.email else ""
    if message.is_reminder:
        return f"Reminded by {message.sent_by}, with a new address by e-mail{to}."
    return f"Sent by {message.sent_by} by e-mail{to}."
