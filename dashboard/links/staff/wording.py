"""The words for a link: how far its customer got, and its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dashboard.jobs.models import Job
from dashboard.jobs.showing.wording import next_step, verdict_sentence
from dashboard.jobs.warnings import JobWarning
from dashboard.links.messages import SentMessage
from dashboard.links.models import Link, LinkStart, Progress, Stage
from dashboard.smile.constants import SmileApi
from dashboard.team.email.outbox import OutgoingMail

SENTENCES = {
    Stage.CREATED: "Nobody has opened the address yet.",
    Stage.OPENED: "The page was opened, but Start was not pressed yet.",
    Stage.STARTED: "The customer pressed Start and has not finished yet.",
    Stage.SUBMITTED: "The customer is done. Smile is working on it.",
    Stage.EXPIRED: "Expired before anybody finished.",
    Stage.PAUSED: "Paused: the customer's page says that the link does not work, until you resume it.",
    Stage.REVOKED: "Revoked for good.",
}
#: In v3, Smile makes the id of a job and tells it in its callback, so until then nobody can ask about the job.
V3_SENTENCES = {
    Stage.STARTED: "The customer pressed Start. Neither their browser nor Smile has said that they finished.",
    Stage.SUBMITTED: (
        "The customer's browser says that everything was sent. Smile has not called back yet, so it is not known yet "
        "whether it has arrived."
    ),
}
CLAIMED = "The customer's browser said that everything was sent."


@dataclass(frozen=True)
class Verdict:
    """The state of a link in words; `job` is the one that the sentence is about, where there is a result."""

    sentence: str
    next_step: str = ""
    job: Job | None = None


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline. `mail`: its e-mail, while that is kept."""

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
    """The verdict of the newest job with an outcome, or else what the stage means."""
    decided = next((job for job, _ in jobs if job.outcome is not None), None)
    if stage != Stage.RESULT or decided is None:
        return Verdict(_sentence_without_result(stage, jobs))
    said = verdict_sentence(decided, warnings.get(decided.id, ()))
    which = f"The newest of {progress.jobs} verifications: {said}" if progress.jobs > 1 else said
    return Verdict(which, next_step(decided, now), decided)


def _sentence_without_result(stage: Stage, jobs: Sequence[tuple[Job, LinkStart]]) -> str:
    if stage == Stage.RESULT:
        return "The verification ended without a result."
    return (V3_SENTENCES.get(stage) if _has_no_id_of_smile(jobs) else None) or SENTENCES[stage]


def _has_no_id_of_smile(jobs: Sequence[tuple[Job, LinkStart]]) -> bool:
    """Whether Smile has named none of these jobs of v3, so that only browsers speak for them."""
    return bool(jobs) and all(job.api == SmileApi.V3 and job.smile_job_id is None for job, _ in jobs)


def timeline_of(
    link: Link, progress: Progress, jobs: Sequence[tuple[Job, LinkStart]], sent: Sequence[SentMessage]
) -> list[TimelineEntry]:
    """The timeline, oldest first."""
    is_claimed = _has_no_id_of_smile(jobs)
    moments = [
        (link.created_at, f"Made by {link.created_by}."),
        (link.opened_at, "Opened for the first time."),
        (link.started_at, "Start was pressed for the first time."),
        (progress.submitted_at, CLAIMED if is_claimed else "Everything was submitted to Smile."),
        (progress.settled_at, "Smile gave a result."),
        (link.paused_at, "Paused."),
        (link.revoked_at, "Revoked for good."),
        (link.erased_at, "The customer was erased."),
    ]
    entries = [TimelineEntry(at, text) for at, text in moments if at]
    entries += [TimelineEntry(each.message.at, _sent_words(each), each.message.is_mailed, each.mail) for each in sent]
    return sorted(entries, key=lambda entry: entry.at)


def _sent_words(sent: SentMessage) -> str:
    message = sent.message
    if not message.is_mailed:
        return f"Reminded by {message.sent_by}, with a new address to copy."
    to = f" to {sent.masked_email}" if sent.email else ""
    if message.is_reminder:
        return f"Reminded by {message.sent_by}, with a new address by e-mail{to}."
    return f"Sent by {message.sent_by} by e-mail{to}."
