"""HTTP in, HTTP out for the list of refused deliveries: a page, JSON, and CSV."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.queries import RefusedFilter, all_refused, list_refused
from dashboard.callbacks.refused.reasons import WORDS
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.web.access import permission_required
from dashboard.web.pages import json_list, json_time
from dashboard.web.pagination import asked_after
from dashboard.web.spreadsheets import csv_answer

blueprint = Blueprint("refused", __name__)
HEADER = (
    *("id", "received_at", "last_at", "count", "source_address", "reason", "reason_words", "status", "size"),
    *("job_id", "claimed_job_id"),
)


@blueprint.get("/callbacks/refused")
@permission_required("callbacks.read")
def index() -> ResponseReturnValue:
    wanted = RefusedFilter.from_args(request.args)
    current().refused_deliveries.write()  # What came within the last second is shown too.
    with reading() as session:
        page = list_refused(session, current().settings.environment, wanted, asked_after())
    return render_template(
        "callbacks/refused.html",
        page=page,
        filters=wanted,
        words=WORDS,
        reason_choices=sorted(WORDS.items(), key=lambda choice: choice[1]),
    )


@blueprint.get("/callbacks/refused.json")
@permission_required("callbacks.read")
def index_json() -> ResponseReturnValue:
    current().refused_deliveries.write()
    with reading() as session:
        environment, wanted = current().settings.environment, RefusedFilter.from_args(request.args)
        page = list_refused(session, environment, wanted, asked_after())
    return json_list([_as_json(row) for row in page.rows], page.next_address, page.count, page.count_is_exact)


@blueprint.get("/callbacks/refused.csv")
@permission_required("callbacks.read")
def index_csv() -> ResponseReturnValue:
    wanted = RefusedFilter.from_args(request.args)
    current().refused_deliveries.write()
    with transaction() as session:
        rows = all_refused(session, current().settings.environment, wanted)
        # The name of a job may describe a customer, and the trail keeps what it has for good.
        searched = {"job": "a search"} if wanted.job else {}
        details = {**wanted.asked, **searched, "rows": str(len(rows))}
        record(session, "callback.refused_exported", "refused deliveries", utc_now(), details=details)
    found = (_as_json(row) for row in rows)
    return csv_answer("refused-deliveries.csv", HEADER, ([row[name] for name in HEADER] for row in found))


def _as_json(row: RefusedDelivery) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "received_at": json_time(row.received_at),
        "last_at": json_time(row.last_at),
        "count": row.count,
        "source_address": row.source_address,
        "reason": row.reason,
        "reason_words": WORDS[row.reason],
        "status": row.status,
        "size": row.size,
        "job_id": str(row.job_id) if row.job_id else None,
        "claimed_job_id": row.claimed_job_id,
    }
