"""Links as JSON, with the same facts as the pages, except the code, which is not stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard.jobs.models import Job
from dashboard.jobs.showing.serializers import job_to_json
from dashboard.links.messages import SentMessage
from dashboard.links.models import Link, LinkStart, Progress
from dashboard.web.pages.answers import json_time


def link_to_json(link: Link, progress: Progress, now: datetime) -> dict[str, Any]:
    return {
        "id": str(link.id),
        "kind": link.kind,
        "api": link.api,
        "product": link.product,
        "choices": link.choices,
        "country": link.country,
        "id_type": link.id_type,
        "customer_reference": link.customer_reference,
        "user_id": link.user_id,
        "language": link.language,
        "stage": link.stage(progress, now),
        "outcome": progress.outcome,
        "is_stalled": link.is_stalled(progress, now),
        "uses_allowed": link.uses_allowed,
        "uses_spent": link.uses_spent,
        "jobs_count": progress.jobs,
        "created_by": link.created_by,
        "created_at": json_time(link.created_at),
        "opened_at": json_time(link.opened_at),
        "started_at": json_time(link.started_at),
        "submitted_at": json_time(progress.submitted_at),
        "settled_at": json_time(progress.settled_at),
        "expires_at": json_time(link.expires_at),
        "paused_at": json_time(link.paused_at),
        "revoked_at": json_time(link.revoked_at),
        "smile_ref_id": link.smile_ref_id,
        "smile_address": link.smile_address,
        "smile_total_jobs": link.smile_total_jobs,
        "smile_successful_jobs": link.smile_successful_jobs,
        "smile_failed_jobs": link.smile_failed_jobs,
        "smile_counted_at": json_time(link.smile_counted_at),
        "last_error": link.last_error,
        "last_error_at": json_time(link.last_error_at),
    }


def details_to_json(
    link: Link, progress: Progress, jobs: Sequence[tuple[Job, LinkStart]], sent: Sequence[SentMessage], now: datetime
) -> dict[str, Any]:
    return link_to_json(link, progress, now) | {
        "jobs": [
            job_to_json(job, now)
            | {
                "consent": {
                    "at": json_time(start.consented_at),
                    "language": start.language,
                    "text": start.agreed,
                }
            }
            for job, start in jobs
        ],
        "messages": [
            {
                "at": json_time(each.message.at),
                "by": each.message.sent_by,
                "is_reminder": each.message.is_reminder,
                "is_mailed": each.message.is_mailed,
                "sent_at": json_time(each.mail.sent_at) if each.mail else None,
                "failed_at": json_time(each.mail.failed_at) if each.mail else None,
                "last_error": each.mail.last_error or None if each.mail else None,
            }
            for each in sent
        ],
    }
