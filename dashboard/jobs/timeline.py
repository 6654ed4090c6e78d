"""The timeline of a job: one event for each thing that happened, in words."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from dashboard.jobs.models import Job, JobEvent


def add_event(
    session: Session, job: Job, kind: str, text: str, now: datetime, facts: dict[str, Any] | None = None
) -> JobEvent:
    event = JobEvent(job_id=job.id, at=now, kind=kind, text=text, facts=facts or {})
    session.add(event)
    return event
