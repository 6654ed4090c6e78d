"""Which jobs need a person: one rule for the list's filter, its counts and the next step on a job's page.

Each need is stated twice, as a predicate of one job and as an indexed condition; a test keeps them equal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Index, and_, column, literal_column, text

from dashboard.db import UtcDateTime
from dashboard.jobs.products import FACTS

if TYPE_CHECKING:
    from dashboard.jobs.models import Job

BY_OUTCOME = ("environment", "state", "outcome", "id")


@dataclass(frozen=True)
class Need:
    """One reason why a job needs a person.

    `where` is the part of the rule that an index can hold; `is_late` adds the part that depends on time alone.
    `indexed` starts like the indexes of the list's filters, so that SQLite prefers this smaller one, and ends with what
    `is_late` compares.
    """

    name: str
    words: tuple[str, str]  # for one job, for several
    where: str
    is_needed: Callable[["Job"], bool]
    next_step: Callable[["Job"], str]
    indexed: tuple[str, ...] = ("environment", "id")
    is_late: bool = False

    def concerns(self, job: "Job", now: datetime) -> bool:
        if job.dealt_with_at is not None or (self.is_late and not job.callback_overdue(now)):
            return False
        return self.is_needed(job)

    def condition(self, now: datetime) -> ColumnElement[bool]:
        # Literal text: SQLite uses a partial index only where the query repeats its condition word for word.
        needed: ColumnElement[bool] = literal_column(f"({self._open})")
        return and_(needed, column("callback_due_at", UtcDateTime()) < now) if self.is_late else needed

    @property
    def index(self) -> Index:
        """The index for the table of jobs; newest first, as the list reads it."""
        where = text(self._open)
        name = f"ix_job_needs_{self.name}"
        return Index(name, *self.indexed, sqlite_where=where, postgresql_where=where)

    @property
    def _open(self) -> str:
        return f"{self.where} AND dealt_with_at IS NULL"


def _is_warned_approval(job: "Job") -> bool:
    return job.state == "done" and job.outcome == "approved" and job.warning_count > 0 and job.erased_at is None


def _is_error(job: "Job") -> bool:
    """A job with an error can be run again unless it was erased."""
    return job.state == "done" and job.outcome == "error" and job.erased_at is None


def _step_when_overdue(job: "Job") -> str:
    if job.state == "expired":
        return "Ask Smile's support and quote the ids below."
    return "The callback is overdue. Smile is asked directly; check that callbacks can reach this address."


def _step_when_maybe_charged(job: "Job") -> str:
    look = "look in Smile's portal for the user id and the job id below"
    if job.state == "expired":
        first = f"{look[0].upper()}{look[1:]}."
    elif FACTS[job.product].is_answered_at_once:
        first = f"No callback follows for this product: {look}."
    else:
        first = f"Wait a few minutes for Smile's callback, which settles this job. If none comes, {look}."
    return f"{first} It is never sent again by itself. A new job is a new charge: make one only if Smile has none."


#: The most urgent first: the job's page names the step of the first that applies.
NEEDS = {
    need.name: need
    for need in (
        Need(
            "disagreement",
            ("disagreement", "disagreements"),
            "disagreement IS NOT NULL",
            lambda job: job.disagreement is not None,
            lambda _: "Do not act on the callback. Look at both results below and tell Smile's support.",
        ),
        Need(
            "maybe_charged",
            ("job that may have been charged", "jobs that may have been charged"),
            "api = 'v3' AND step = 'sending' AND state IN ('waiting', 'expired') AND erased_at IS NULL",
            lambda job: job.may_have_arrived and job.erased_at is None,
            _step_when_maybe_charged,
            indexed=("environment", "api", "id"),
        ),
        Need(
            "warning",
            ("approval with warnings", "approvals with warnings"),
            "state = 'done' AND outcome = 'approved' AND warning_count > 0 AND erased_at IS NULL",
            _is_warned_approval,
            lambda _: "Review the warnings before you rely on this approval, then mark it as dealt with.",
            indexed=BY_OUTCOME,
        ),
        Need(
            "attention",
            ("passed with attention", "passed with attention"),
            "state = 'done' AND outcome = 'attention'",
            lambda job: job.state == "done" and job.outcome == "attention",
            lambda _: "Look at what Smile and its callback say below, decide, then mark it as dealt with.",
            indexed=BY_OUTCOME,
        ),
        Need(
            "unknown",
            ("unknown code", "unknown codes"),
            "state = 'done' AND outcome = 'unknown'",
            lambda job: job.state == "done" and job.outcome == "unknown",
            lambda _: "A person must look at the raw answer below and decide.",
            indexed=BY_OUTCOME,
        ),
        Need(
            "failed",
            ("failed", "failed"),
            "state = 'failed'",
            lambda job: job.state == "failed",
            lambda _: "Nothing more happens automatically. Fix the cause, then create a new job.",
            indexed=("environment", "state", "id"),
        ),
        Need(
            "error",
            ("error to run again", "errors to run again"),
            "state = 'done' AND outcome = 'error' AND erased_at IS NULL",
            _is_error,
            lambda _: "Create a new job once the cause is fixed.",
            indexed=BY_OUTCOME,
        ),
        Need(
            "provisional",
            ("provisional", "provisional"),
            "state = 'done' AND outcome = 'provisional'",
            lambda job: job.state == "done" and job.outcome == "provisional",
            lambda _: "Wait for the final answer, or ask Smile's review team; this page updates itself.",
            indexed=BY_OUTCOME,
        ),
        Need(
            "overdue",
            ("overdue callback", "overdue callbacks"),
            # Once a status request has settled the outcome, nobody waits for the callback any more.
            "callback_due_at IS NOT NULL AND callback_at IS NULL AND settled_at IS NULL",
            lambda job: job.settled_at is None,
            _step_when_overdue,
            indexed=("environment", "id", "callback_due_at"),
            is_late=True,
        ),
    )
}


def needs_of(job: "Job", now: datetime) -> list[Need]:
    """Why this job needs a person, the most urgent first; nothing once it is dealt with."""
    return [need for need in NEEDS.values() if need.concerns(job, now)]
