"""HTTP in, HTTP out for the audit trail. Read-only: nothing here changes a line."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.audit import queries
from dashboard.audit.models import AuditEntry
from dashboard.db import reading
from dashboard.web.access import permission_required
from dashboard.web.pages import json_list

blueprint = Blueprint("audit", __name__)
#: Beyond this no line is numbered, and the database's integers end.
LAST_NUMBER = 2**31 - 1


@blueprint.get("/audit")
@permission_required("audit.read")
def index() -> ResponseReturnValue:
    with reading() as session:
        entries, next_before = queries.list_entries(session, _asked_before())
        count = queries.count_entries(session)
    return render_template(
        "audit/index.html", entries=entries, count=count, next_address=_next_address("audit.index", next_before)
    )


@blueprint.get("/audit.json")
@permission_required("audit.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        entries, next_before = queries.list_entries(session, _asked_before())
        count = queries.count_entries(session)
    next_address = _next_address("audit.index_json", next_before)
    return json_list([_as_json(entry) for entry in entries], next_address, count, count_is_exact=True)


def _asked_before() -> int | None:
    """The number before which the asked page begins; nonsense begins at the top."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before <= LAST_NUMBER else None


def _next_address(endpoint: str, before: int | None) -> str | None:
    return url_for(endpoint, before=before) if before else None


def _as_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "who": entry.who,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "from_address": entry.from_address,
        "hash": entry.hash,
    }
