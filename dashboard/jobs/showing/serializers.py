"""Jobs as JSON, with the same facts as the pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.jobs.dealt_with import DealtWith
from dashboard.jobs.embedded_images import find_embedded_images
from dashboard.jobs.following.outcome import unknown_cause
from dashboard.jobs.models import Job, Outcome
from dashboard.jobs.needs import needs_of
from dashboard.jobs.problems import disagreement_text, problem_text
from dashboard.jobs.queries import JobDetails
from dashboard.jobs.showing.checks import checks_of
from dashboard.jobs.showing.event_words import event_text, rule_words
from dashboard.jobs.showing.personal import fold_base64, shown_body
from dashboard.jobs.showing.warning_words import warning_words
from dashboard.jobs.smile_actions.models import FraudReport
from dashboard.jobs.warnings import JobWarning
from dashboard.smile.results import parse_result
from dashboard.web.pages.answers import json_time
from dashboard.web.pages.locales import formats_here

STORED_TIMES = frozenset({"at", "received_at"})


def job_to_json(job: Job, now: datetime, warnings: Sequence[JobWarning] = ()) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "product": job.product,
        "api": job.api,
        "job_type": job.job_type,
        "user_id": job.user_id,
        "job_id": job.job_id,
        "smile_job_id": job.smile_job_id,
        "customer_reference": job.customer_reference,
        "state": job.state,
        "outcome": job.outcome,
        "result_code": job.result_code,
        "result_text": job.result_text,
        "unknown_cause": _cause(job, job.outcome, job.result_code),
        "country": job.country,
        "id_type": job.id_type,
        "link_id": _text(job.link_id),
        "created_by": job.created_by,
        "created_at": json_time(job.created_at),
        "submitted_at": json_time(job.submitted_at),
        "settled_at": json_time(job.settled_at),
        "callback_overdue": job.callback_overdue(now),
        "is_contradicted": job.disagreement is not None,
        "disagreement": disagreement_text(job),
        "disagreement_facts": job.disagreement_facts,
        "warnings": [_warning(warning) for warning in warnings],
        "needs": [need.name for need in needs_of(job, now)],
        "dealt_with_at": json_time(job.dealt_with_at),
        "last_error": problem_text(job),
        "problem": job.problem,
        "erased_at": json_time(job.erased_at),
    }


def details_to_json(details: JobDetails, now: datetime, *, may_reveal: bool = False) -> dict[str, Any]:
    """One job with its results, events and images. Reasons may name the customer, so they need `may_reveal`."""
    return job_to_json(details.job, now, details.warnings) | {
        "results": [
            {
                "received_at": json_time(result.received_at),
                "source": result.source,
                "is_confirmed": result.is_confirmed,
                "is_final": result.is_final,
                "outcome": result.outcome,
                "result_code": result.result_code,
                "result_text": result.result_text,
                "unknown_cause": _cause(details.job, result.outcome, result.result_code),
                "actions": [{"name": name, "words": words} for name, words in parse_result(payload).actions],
                "images": [{"field": each.field, "size": each.size} for each in find_embedded_images(payload)],
                "payload": fold_base64(shown_body(payload, is_revealed=False)),
                "problem": CANNOT_BE_OPENED if result.id in details.unreadable else None,
                "erased_at": json_time(result.erased_at),
            }
            for result, payload in details.results
        ],
        "checks": [
            {"name": check.name, "value": check.value, "meaning": check.sentence}
            for check in checks_of(details.payload, details.job.product)
        ],
        "fraud_report": _fraud_report(details.fraud) if details.fraud else None,
        "dealt_with": [_dealt_with(row, reason if may_reveal else "") for row, reason in details.dealt_with],
        "erased": [_erased(part) for part in details.job.erased],
        "callbacks": [_stored(facts) for facts in details.callbacks],
        "events": [
            {
                "at": json_time(event.at),
                "kind": event.kind,
                "text": event_text(event),
                "facts": _stored(event.facts),
            }
            for event in details.events
        ],
        "images": [
            {"id": str(image.id), "image_type": image.image_type, "size": image.size, "sha256": image.sha256}
            for image in details.images
        ],
    }


def _warning(warning: JobWarning) -> dict[str, Any]:
    return {
        "kind": warning.kind,
        "text": warning_words(warning),
        "is_confirmed": warning.is_confirmed,
        "source": warning.source,
        "first_seen_at": json_time(warning.first_seen_at),
        "facts": warning.facts | ({"user_ids": warning.user_ids} if warning.users else {}),
    }


def _erased(part: dict[str, Any]) -> dict[str, Any]:
    rule = part["rule"]
    return _stored(part) | {
        "rule": rule_words(rule, formats_here()),
        "rule_facts": rule if isinstance(rule, dict) else None,
    }


def _fraud_report(report: FraudReport) -> dict[str, Any]:
    return {"reason": report.reason, "by": report.reported_by, "at": json_time(report.accepted_at)}


def _dealt_with(row: DealtWith, reason: str) -> dict[str, Any]:
    return {
        "needs": row.needs,
        "by": row.dealt_by,
        "at": json_time(row.dealt_at),
        "reason": reason or None,
        "came_back_at": json_time(row.came_back_at),
        "came_back_because": row.came_back_because,
    }


def _cause(job: Job, outcome: Outcome | None, code: str | None) -> str | None:
    return unknown_cause(code, job.job_type).value if outcome == Outcome.UNKNOWN else None


def _stored(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Stored facts with their times in the JSON format: stored times end with +00:00."""
    return {name: value.replace("+00:00", "Z") if name in STORED_TIMES else value for name, value in facts.items()}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
