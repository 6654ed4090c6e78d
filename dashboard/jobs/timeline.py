"""The timeline of a job: what happened, as a kind and facts, which event_words.py words when they are shown."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from dashboard.jobs.models import Job, JobEvent


class EventKind(StrEnum):
    """Every stored kind. The slice that adds events of a kind registers its words in its feature.py."""

    CREATED = "created"
    STARTED = "started"
    CONSENTED = "consented"
    OPENED = "opened"
    PREPARED = "prepared"
    SENT = "sent"
    ZIP_LOST = "zip_lost"
    MAY_HAVE_ARRIVED = "may_have_arrived"
    CANDIDATE = "candidate"
    NOT_BOUND = "not_bound"
    DELAYED = "delayed"
    CLOCK_OFF = "clock_off"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CHECK_REQUESTED = "check_requested"
    CALLBACK = "callback"
    CALLBACK_AGAIN = "callback_again"
    REFUSED_DELIVERY = "refused_delivery"
    OVERDUE = "overdue"
    CONFIRMED = "confirmed"
    LATE_RESULT = "late_result"
    DISAGREEMENT = "disagreement"
    WARNING = "warning"
    DEALT_WITH = "dealt_with"
    CAME_BACK = "came_back"
    REPLAY = "replay"
    FRAUD_REPORT = "fraud_report"
    ERASED = "erased"


#: Each is about one callback, which its facts name.
OF_CALLBACKS = frozenset({EventKind.CALLBACK, EventKind.CALLBACK_AGAIN})
#: The facts of a callback that the JSON of a job shows.
CALLBACK_FACTS = ("callback_id", "verdict", "received_at")


class SentHow(StrEnum):
    """How a job reached Smile."""

    IMAGES = "images"
    IMAGES_KNOWN = "images_known"
    CALL_KNOWN = "call_known"
    ANSWERED_BEFORE = "answered_before"
    ANSWERED_AT_ONCE = "answered_at_once"
    WITHOUT_RESULT = "without_result"
    BOUND = "bound"
    SMILE_HAS_IT = "smile_has_it"
    BROWSER_SAYS_SO = "browser_says_so"


def add_event(session: Session, job: Job, kind: EventKind, now: datetime, facts: dict[str, Any] | None = None) -> None:
    """Adds a line. `facts` are JSON, with times as ISO 8601 and numbers as numbers, and hold no sentence."""
    session.add(JobEvent(job_id=job.id, at=now, kind=kind.value, text="", facts=facts or {}))
