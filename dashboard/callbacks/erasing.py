"""Erases personal data in callbacks: the body after its time, or all but verdict, times and digest for a person."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from dashboard.callbacks.models import REFUSED_VERDICTS, Callback, ProcessingRun
from dashboard.callbacks.steps import StepKind, make_step
from dashboard.callbacks.text_index import forget_texts
from dashboard.jobs.erasing import ERASED
from dashboard.jobs.models import Job
from dashboard.smile.v3.constants import REASONS
from dashboard.smile.v3_names import parts_of, summary_of

CODE = re.compile("[0-9]{1,8}")
STEP = make_step(None, StepKind.ERASED)


def erase_body(callback: Callback, now: datetime) -> None:
    callback.body_sealed, callback.headers, callback.id_number_digest = b"", {}, None
    callback.erased_at = callback.erased_at or now


def erase_callbacks(session: Session, callbacks: Sequence[Callback], jobs: Iterable[Job], now: datetime) -> None:
    """Erases all that callbacks have from their sender. `jobs`: those that they belong to, if these are erased too."""
    job_ids = {job.id: job.job_id for job in jobs}
    for callback in callbacks:
        erase_body(callback, now)
        job_id = job_ids.get(callback.job_id, ERASED) if callback.job_id else ERASED
        for name, value in erased_facts(job_id, callback.result_code).items():
            setattr(callback, name, value)
    forget_texts(session, [callback.id for callback in callbacks])


def erased_facts(job_id: str, result_code: str | None) -> dict[str, Any]:
    """The values that replace everything that a callback has from its sender."""
    return {
        "claimed_job_id": job_id,
        "search_text": "",
        "result_text": None,
        "result_code": _documented(result_code or ""),
        "reason": "",
        "steps": [STEP],
        "id_type": None,
        "country": None,
    }


def _documented(code: str) -> str | None:
    """The part of a code that says nothing about a person: the sender may have written anything."""
    decision, reason = parts_of(code)
    if decision:
        return summary_of(decision, reason if reason in REASONS else None)
    return code if CODE.fullmatch(code) else None


def forget_searches(session: Session) -> None:
    """Removes search terms from finished runs: they may contain a customer's number."""
    for run in session.exec(select(ProcessingRun).where(col(ProcessingRun.finished_at).is_not(None))).all():
        run.filters = {name: value for name, value in run.filters.items() if name not in ("q", "job", "number")}


def forget_refused(session: Session, ids: list[Any]) -> None:
    """Deletes refused callbacks. No holder of our keys sent them, so there is no decision to keep."""
    session.exec(delete(Callback).where(col(Callback.id).in_(ids), col(Callback.verdict).in_(REFUSED_VERDICTS)))
