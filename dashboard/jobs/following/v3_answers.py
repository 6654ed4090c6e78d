"""Reads what v3 says about a job: an answer of /v3/status, an answer at once, or the body of a webhook."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.following.outcome import StatusAnswer
from dashboard.jobs.models import Outcome
from dashboard.smile.results import plain
from dashboard.smile.v3 import Decision
from dashboard.smile.v3.answers import word

OUTCOMES: Mapping[str, Outcome] = {
    Decision.CLEAR: Outcome.APPROVED,
    Decision.BLOCK: Outcome.REJECTED,
    Decision.ATTENTION: Outcome.ATTENTION,
    Decision.ERROR: Outcome.ERROR,
}
#: Words for a job that has no decision yet.
UNDECIDED = frozenset({"", "processing", "not_found", "accepted"})
#: What every answer of /v3/status says about a decided job.
SAYS_NOTHING = "Job completed"


def read_v3(payload: Mapping[str, Any]) -> StatusAnswer:
    """Reads the decision. Without one the outcome is None; a word that is not documented goes to a person.

    The code is Smile's reason, or a new word itself, so that a person sees it.
    """
    status, reason, text = (word(payload, name).strip() for name in ("status", "reason", "message"))
    status = status.lower()
    outcome = None if status in UNDECIDED else OUTCOMES.get(status, Outcome.UNKNOWN)
    if outcome == Outcome.APPROVED and reason:
        outcome = Outcome.UNKNOWN  # An approval has no reason: never approve on half an answer.
    code = reason or (status if outcome == Outcome.UNKNOWN else "")
    return StatusAnswer(
        payload=plain(dict(payload)),
        outcome=outcome,
        code=code or None,
        text=None if text == SAYS_NOTHING else text or None,
        is_final=outcome is not None,
        smile_job_id=word(payload, "job_id"),
    )
