"""Lines of a job's timeline: in words for a reader, and as earlier versions stored them."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from dashboard.jobs.models import Job, JobEvent
from dashboard.web.pages.locales import Formats
from tests.factories.features import REGISTERED


def in_words(event: JobEvent, formats: Formats | None = None) -> str:
    return event.text or REGISTERED.event_words[event.kind](event.facts, formats or Formats())


def add_event_of_before(
    session: Session, job: Job, kind: str, text: str, now: datetime, facts: dict[str, Any] | None = None
) -> JobEvent:
    """With its words in the row, as they were stored until facts were."""
    event = JobEvent(job_id=job.id, at=now, kind=kind, text=text, facts=facts or {})
    session.add(event)
    return event
