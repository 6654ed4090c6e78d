"""Views of the list of refused deliveries: page, JSON and CSV."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.audit.trail import record
from dashboard.callbacks.refused.filters import RefusedFilter
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import WORDS
from dashboard.callbacks.refused.storing import MOST_KEPT
from dashboard.context import current, reading, transaction
from dashboard.web.access import permission_required
from dashboard.web.list_views import asked_page, json_page, list_context, scope_here
from dashboard.web.pages.answers import json_time
from dashboard.web.pages.spreadsheets import csv_answer

blueprint = Blueprint("refused", __name__)
HEADER = (
    *("id", "received_at", "last_at", "count", "source_address", "reason", "reason_words", "status", "size"),
    *("job_id", "claimed_job_id"),
)


@blueprint.get("/callbacks/refused")
@permission_required("callbacks.read")
def index() -> ResponseReturnValue:
    current().refused_deliveries.write()  # So that the last second is included.
    with reading() as session:
        context = list_context(scope_here(session), RefusedFilter.from_args(request.args))
    return render_template("callbacks/refused.html", **context, words=WORDS)


@blueprint.get("/callbacks/refused.json")
@permission_required("callbacks.read")
def index_json() -> ResponseReturnValue:
    current().refused_deliveries.write()
    with reading() as session:
        page = asked_page(scope_here(session), RefusedFilter.from_args(request.args))
    return json_page(page, [_as_json(row) for row in page.rows])


@blueprint.get("/callbacks/refused.csv")
@permission_required("callbacks.read")
def index_csv() -> ResponseReturnValue:
    filters = RefusedFilter.from_args(request.args)
    current().refused_deliveries.write()
    with transaction() as session:
        scope = scope_here(session)
        rows = session.exec(filters.in_order(scope, filters.conditions(scope), (), MOST_KEPT)).all()
        details = {**filters.described, "rows": str(len(rows))}
        record(session, "callback.refused_exported", "refused deliveries", scope.now, details=details)
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
