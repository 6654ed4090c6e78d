"""What one job's page shows: masked, or in full after a recorded reveal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_login import current_user
from sqlmodel import Session

from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import utc_now
from dashboard.jobs.models import Job, JobEvent, Result
from dashboard.jobs.queries import JobDetails, job_details
from dashboard.jobs.showing.checks import checks_of
from dashboard.jobs.showing.comparison import UNREADABLE_PERSON, Compared, compare, is_compared
from dashboard.jobs.showing.evidence import evidence_of
from dashboard.jobs.showing.personal import body_as_json, shown_body
from dashboard.jobs.showing.related import related_jobs
from dashboard.jobs.smile_actions.fraud import may_report
from dashboard.jobs.smile_actions.replaying import may_replay
from dashboard.jobs.submitting.submission import GivenData, given_data
from dashboard.jobs.timeline import EventKind
from dashboard.jobs.warnings import personal_facts

REPLAY_COMES_WITHIN = timedelta(minutes=2)


def job_page(session: Session, job: Job, is_revealed: bool = False) -> dict[str, Any]:
    details = job_details(session, job)
    given = given_data(session, job)
    shown_given = _given(job, given)
    compared = compare(shown_given, details.payload)
    return {
        "job": job,
        "related": related_jobs(session, job),
        "may_replay": may_replay(job),
        "awaits_replay": _awaits_replay(details.events, utc_now()),
        "may_report_fraud": may_report(job),
        "checks": checks_of(details.payload, job.product),
        "details": details,
        "compared": compared,
        "evidence": evidence_of(job, details.results, shown_given, details.claim),
        "is_payload_unreadable": details.is_payload_unreadable,
        "returned": details.with_images,
        "raw": _shown_results(details, is_revealed),
        "may_reveal": current_user.may("jobs.reveal"),
        "hides_something": _hides_something(details, given, compared),
        "revealed": _revealed(session, details, given) if is_revealed else None,
    }


def _awaits_replay(events: Sequence[JobEvent], now: datetime) -> bool:
    """Whether Smile was asked a moment ago to send the webhook again, and it has not come yet."""
    ours = [event for event in events if event.kind in (EventKind.REPLAY, EventKind.CALLBACK)]
    return bool(ours) and ours[-1].kind == EventKind.REPLAY and now - ours[-1].at < REPLAY_COMES_WITHIN


def _revealed(session: Session, details: JobDetails, given: GivenData) -> dict[str, Any]:
    """What a reveal adds to the page."""
    return {
        "also": {name: value for name, value in given.texts.items() if not is_compared(name)},
        "warnings": {warning.id: personal_facts(session, warning) for warning in details.warnings},
    }


def _hides_something(details: JobDetails, given: GivenData, compared: Sequence[Compared]) -> bool:
    """Whether the page masks anything that a reveal would show."""
    return (
        bool(given.id_number or given.texts)
        or any((row.is_personal or row.is_sensitive) and row.returned for row in compared)
        or any(warning.personal_sealed for warning in details.warnings)
        or any(shown_body(body, True) != shown_body(body, False) for _, body in details.results)
    )


def _given(job: Job, given: GivenData) -> dict[str, Any]:
    person = UNREADABLE_PERSON if given.person is None else given.person
    return person | {"id_number": given.shown_number, "country": job.country, "id_type": job.id_type}


def _shown_results(details: JobDetails, is_revealed: bool) -> list[tuple[Result, str]]:
    return [
        (result, CANNOT_BE_OPENED if result.id in details.unreadable else body_as_json(payload, is_revealed))
        for result, payload in details.results
    ]
