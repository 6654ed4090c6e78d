"""The words for a job: its verdict as a sentence that can be said on the phone, and what to do next."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.jobs.following.outcome import outcome_of, unknown_cause
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.needs import needs_of
from dashboard.jobs.problems import problem_text
from dashboard.jobs.products import FACTS
from dashboard.jobs.showing.result_words import meaning_of, next_for, quote_smile, unknown_sentence
from dashboard.jobs.showing.v3_words import OF_OUTCOME, decision_sentence
from dashboard.jobs.showing.warning_words import warnings_sentence
from dashboard.jobs.warnings import JobWarning
from dashboard.smile.constants import ImageType, SmileApi
from dashboard.smile.warnings import WarningKind
from dashboard.web.pages.filters import clock

#: By the meaning of the code alone, since Smile may call any answer not final.
PROVISIONAL = {
    Outcome.PROVISIONAL: "The first check passed, but a person at Smile has yet to review it.",
    Outcome.APPROVED: "The first check passed, but Smile does not call its answer final yet.",
    Outcome.REJECTED: "The first check failed, but Smile does not call its answer final yet.",
}
DIFFERENCES = frozenset({WarningKind.NAME_DIFFERS, WarningKind.DETAILS_DIFFER})
NOTHING = "Nothing to do."
MAY_HAVE_ARRIVED = "Smile's answer was lost: Smile may have this job, and it may have been charged."
AFTER_REJECTION = "Ask the customer for a second try or another document, or decline."
WAITING = {
    JobState.AWAITING_CUSTOMER: ("The customer pressed Start and has not finished yet.", "Nothing to do."),
    JobState.QUEUED: ("Waiting to be sent to Smile.", "Nothing to do; it can still be cancelled."),
    JobState.SUBMITTING: ("On its way to Smile.", "Nothing to do."),
    JobState.EXPIRED: ("No answer came in time.", "Ask Smile's support and quote the ids below."),
    JobState.CANCELLED: ("Cancelled before anything was sent. Nothing was charged.", "Nothing to do."),
}

IMAGE_NAMES = {
    ImageType.SELFIE_FILE: "Selfie",
    ImageType.ID_FRONT_FILE: "Front of the document",
    ImageType.LIVENESS_FILE: "Liveness frame",
    ImageType.ID_BACK_FILE: "Back of the document",
}


def verdict_sentence(job: Job, warnings: Sequence[JobWarning] = ()) -> str:
    """The verdict with its warnings: an approval is never stated without them."""
    said, warned = _verdict_alone(job), warnings_sentence(warnings)
    if not warned:
        return said
    if job.state == JobState.DONE and job.outcome == Outcome.APPROVED:
        # "Everything matches" would contradict what differs.
        differs = FACTS[job.product].compares and DIFFERENCES & {warning.kind for warning in warnings}
        return f"Approved, but {warned}." if differs else f"Approved, but {warned}. {said}"
    return f"{said} {warned[0].upper()}{warned[1:]}."


def _verdict_alone(job: Job) -> str:
    if job.state == JobState.FAILED:
        return problem_text(job) or "Smile did not accept this job."
    if job.may_have_arrived:
        return MAY_HAVE_ARRIVED
    if job.state == JobState.WAITING and job.is_unbound:
        return "The customer's browser says that it was sent. Smile's callback will say whether Smile has it."
    if job.state == JobState.WAITING and job.overdue_noted_at:
        return "Smile has not answered yet. It takes longer than usual."
    if job.state == JobState.WAITING:
        takes = FACTS[job.product].takes
        return f"Smile is working on it. This takes {takes[0].lower()}{takes[1:]}."
    if job.state == JobState.EXPIRED and job.is_with_customer:
        return "The customer did not finish in time."
    if job.state != JobState.DONE:
        return WAITING[job.state][0]
    if job.outcome == Outcome.UNKNOWN and job.api == SmileApi.V3:
        said = f" {quote_smile(job.result_text)}" if job.result_text else ""
        return f"Smile's answer is none that it documents ({job.result_code}).{said}"
    if job.outcome == Outcome.UNKNOWN:
        cause = unknown_cause(job.result_code, job.job_type)
        return unknown_sentence(cause, job.result_code, job.result_text)
    if job.outcome == Outcome.PROVISIONAL:
        return PROVISIONAL.get(outcome_of(job.result_code), "Smile has answered, but not finally yet.")
    if job.api == SmileApi.V3 and job.outcome in OF_OUTCOME:
        return decision_sentence(job.outcome, job.result_code)
    if meaning := meaning_of(job.result_code, job.result_text):
        return meaning
    if job.outcome == Outcome.APPROVED:
        return FACTS[job.product].approved
    if job.outcome == Outcome.REJECTED:
        return FACTS[job.product].rejected
    return job.result_text or "Smile could not carry out the check."


def next_step(job: Job, now: datetime) -> str:
    """What to do next: the step of the most urgent need, or what to expect."""
    needs = needs_of(job, now)
    if needs and needs[0].name in ("error", "attention"):
        return next_for(job.result_code, job.result_text) or needs[0].next_step(job)
    if needs:
        return needs[0].next_step(job)
    if job.dealt_with_at:
        return "Nothing to do: it was dealt with. If something new happens, it comes back."
    if job.state == JobState.WAITING and job.is_unbound:
        return "Nothing to do yet: Smile can be asked once its callback names its id of this job."
    if job.state == JobState.WAITING:
        return "Nothing to do; this page updates itself."
    if job.state == JobState.EXPIRED and job.is_with_customer:
        return "Send the link again if the verification is still needed."
    if job.state != JobState.DONE or job.outcome is None:
        return WAITING.get(job.state, ("", NOTHING))[1]
    if job.outcome != Outcome.REJECTED:
        return NOTHING
    return next_for(job.result_code, job.result_text) or AFTER_REJECTION


def missing_words(job: Job, results: Sequence[object]) -> dict[str, str]:
    """The words for an empty cell in the columns "Given" and "Returned"."""
    returned = "not returned"
    if not results and not job.is_settled:
        returned = "not yet"
    elif job.api == SmileApi.V3 and not FACTS[job.product].is_answered_at_once:
        returned = "not confirmed"
    elif FACTS[job.product].compares:
        returned = "this product returns none"
    return {"Given": "not given", "Returned": returned}


def callback_standing(job: Job, now: datetime) -> tuple[str, str]:
    """The word for the callback column, and the time that belongs to it."""
    if job.disagreement:
        return "contradicted", ""
    if job.callback_at is not None:
        is_confirmed = job.state == JobState.DONE and job.outcome is not None
        return ("confirmed" if is_confirmed else "claimed"), clock(job.callback_at)
    if job.is_unbound:
        return "not known yet", ""
    if job.callback_due_at is None:
        return "none expected", ""
    if job.callback_overdue(now):
        return "overdue", clock(job.callback_due_at)
    return "expected", clock(job.callback_due_at)
