"""The CSV download of the filtered list of jobs, without personal data."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.context import reader, reading, transaction
from dashboard.db import Read
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job
from dashboard.jobs.showing.serializers import job_to_json
from dashboard.jobs.showing.warning_words import warning_words
from dashboard.jobs.warnings import warnings_of
from dashboard.web.access import permission_required
from dashboard.web.list_views import scope_here
from dashboard.web.lists.reading import all_rows, count_all, newest_key
from dashboard.web.pages.spreadsheets import csv_answer

blueprint = Blueprint("export", __name__)
HEADER = (
    *("id", "product", "job_type", "user_id", "job_id", "smile_job_id", "customer_reference", "state", "outcome"),
    *("result_code", "result_text", "country", "id_type", "link_id", "created_by", "created_at", "submitted_at"),
    *("settled_at", "callback_overdue", "disagreement", "last_error", "warnings", "needs", "dealt_with_at", "api"),
)


@blueprint.get("/jobs.csv")
@permission_required("jobs.export")
def index() -> ResponseReturnValue:
    filters, read = JobFilter.from_args(request.args), reader()
    with reading() as session:  # Counting takes long, so it must not block others from writing.
        scope = scope_here(session)
        through = newest_key(scope, JobFilter())
        count = count_all(scope, filters, through) if through else 0
    with transaction() as session:
        record(session, "jobs.exported", "jobs", scope.now, details={**filters.described, "jobs": str(count)})
    batches = all_rows(read, scope, filters, through) if through else ()
    rows = (row for batch in batches for row in _rows(read, batch, scope.now))
    return csv_answer("jobs.csv", HEADER, ([row[name] for name in HEADER] for row in rows))


def _rows(read: Read, batch: Sequence[Job], now: datetime) -> list[dict[str, Any]]:
    """The jobs as JSON, with lists joined into text, since a cell holds one text."""
    with read() as session:
        warnings = warnings_of(session, [job.id for job in batch])
    rows = [job_to_json(job, now) for job in batch]
    for row, job in zip(rows, batch, strict=True):
        row["warnings"] = "; ".join(map(warning_words, warnings.get(job.id, ())))
        row["needs"] = "; ".join(row["needs"])
    return rows
