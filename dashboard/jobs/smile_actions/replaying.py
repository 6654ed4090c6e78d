"""Has Smile send the webhook of a finished job again: "send it again". It is a claim like the first one."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.errors import Conflict
from dashboard.jobs.models import Job, JobEvent, JobState
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.timeline import EventKind, add_event
from dashboard.smile import InvalidRequest, Refused, SmileError, v3
from dashboard.smile.constants import SmileApi

#: Smile may take a moment, and a second press in it would only bring the same again.
BETWEEN_REPLAYS = timedelta(seconds=10)
NOT_DONE = "Smile sends a webhook again only for a job that is done."
OF_V1 = "Only Smile's v3 API sends a webhook again, and this job was made with v1."
ERASED = "The person of this job was erased, so nothing about them is asked for again."
JUST_NOW = "Smile was asked a moment ago. The webhook follows within seconds."
SENT_AGAIN = "Smile sends the webhook again. It arrives within seconds and is judged like any other."
#: Smile's refusals in words, by the HTTP status.
REFUSALS = {
    404: "Smile does not know this job any more, so it cannot send its webhook again.",
    409: "Smile says that this job is still running. Its webhook comes by itself once it is done.",
}
CANNOT_SEND = (
    "Smile cannot send to the address of this desk. Check the address of callbacks under Settings, and that Smile's "
    "portal allows its domain."
)


def may_replay(job: Job) -> bool:
    return why_no_replay(job) is None


def why_no_replay(job: Job) -> str | None:
    """Why Smile is not asked to send this job's webhook again; None if it can be."""
    if job.api != SmileApi.V3:
        return OF_V1
    if job.erased_at:
        return ERASED
    return None if job.state == JobState.DONE and job.smile_job_id else NOT_DONE


def request_replay(session: Session, job: Job, asked_by: str, now: datetime) -> None:
    """Notes that Smile is about to be asked. The caller has locked the job. Raises Conflict."""
    if reason := why_no_replay(job):
        raise Conflict(reason)
    same = select(JobEvent.at).where(JobEvent.job_id == job.id, JobEvent.kind == EventKind.REPLAY)
    last = session.exec(same.order_by(col(JobEvent.at).desc()).limit(1)).first()
    if last and now - last < BETWEEN_REPLAYS:
        raise Conflict(JUST_NOW)
    add_event(session, job, EventKind.REPLAY, now, {"by": asked_by})
    job.changed(now)
    record(session, "job.replayed", f"job {job.id}", now)


def ask_for_replay(client: v3.Client, settings: Settings, job: Job) -> None:
    """Asks Smile, outside a transaction. Raises Conflict with the reason in words."""
    try:
        client.jobs.replay(str(job.smile_job_id), callback_url=callback_address(settings, job.id))
    except Refused as error:
        is_address = error.code in ("callback_not_allowed", "no_callback")
        raise Conflict(CANNOT_SEND if is_address else REFUSALS.get(error.status, str(error))) from None
    except InvalidRequest:
        raise Conflict(CANNOT_SEND) from None
    except SmileError as error:
        raise Conflict(f"{error} Press it again in a moment; that does no harm.") from None
