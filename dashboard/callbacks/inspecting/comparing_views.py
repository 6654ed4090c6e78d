"""Views that compare two callbacks of a job: masked, or revealed with a line in the audit trail."""

from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from dashboard.audit.reasons import Reason
from dashboard.audit.reveals import ask_reason_again
from dashboard.audit.trail import record
from dashboard.callbacks.comparing import Line, compare_lines
from dashboard.callbacks.inspecting.opening import OpenedCallback, open_callback
from dashboard.callbacks.queries import callbacks_of_same_job
from dashboard.callbacks.serializers import callback_to_json, lines_to_json
from dashboard.context import reading, transaction
from dashboard.db import utc_now
from dashboard.errors import NotFound
from dashboard.web.access import permission_required

blueprint = Blueprint("comparing", __name__)


@blueprint.get("/callbacks/<uuid:callback_id>/compare/<uuid:other_id>")
@permission_required("callbacks.read")
def show(callback_id: UUID, other_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        before, after = _compared(session, callback_id, other_id)
    return _page(before, after, is_revealed=False)


@blueprint.get("/callbacks/<uuid:callback_id>/compare/<uuid:other_id>.json")
@permission_required("callbacks.read")
def show_json(callback_id: UUID, other_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        before, after = _compared(session, callback_id, other_id)
    lines = lines_to_json(_differences(before, after, is_revealed=False))
    return jsonify(before=callback_to_json(before.callback), after=callback_to_json(after.callback), lines=lines)


@blueprint.post("/callbacks/<uuid:callback_id>/compare/<uuid:other_id>/reveals")
@permission_required("jobs.reveal")
def reveal(callback_id: UUID, other_id: UUID) -> ResponseReturnValue:
    reason = Reason.from_form(request.form)
    with transaction() as session:
        before, after = _compared(session, callback_id, other_id)
        if reason.problem:
            back = url_for("callbacks.comparing.show", callback_id=callback_id, other_id=other_id)
            return ask_reason_again(reason, "Reveal what is masked", back)
        for opened in (before, after):
            subject = f"callback {opened.callback.id}"
            record(session, "callback.compared", subject, utc_now(), details=reason.details)
    return _page(before, after, is_revealed=True)


def _compared(session: Session, callback_id: UUID, other_id: UUID) -> tuple[OpenedCallback, OpenedCallback]:
    """Both callbacks, the earlier first. Raises NotFound if they do not belong to one job."""
    first, last = (open_callback(session, one) for one in sorted((callback_id, other_id)))
    if last.callback.id not in {sibling.id for sibling in callbacks_of_same_job(session, first.callback)}:
        raise NotFound("These two callbacks do not belong to one job.")
    return first, last


def _differences(before: OpenedCallback, after: OpenedCallback, is_revealed: bool) -> list[Line]:
    return compare_lines(*(opened.as_json(is_revealed) for opened in (before, after)))


def _page(before: OpenedCallback, after: OpenedCallback, is_revealed: bool) -> str:
    return render_template(
        "callbacks/compare.html",
        before=before.callback,
        after=after.callback,
        lines=_differences(before, after, is_revealed),
        is_revealed=is_revealed,
    )
