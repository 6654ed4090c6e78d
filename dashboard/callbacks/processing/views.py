"""Views for what members do with callbacks: verify again, process again (one or many), ask Smile."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.trail import record
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.processing.reprocessing import process_again
from dashboard.callbacks.processing.runs import MOST_IN_A_RUN, find_extent, find_run, start_run
from dashboard.callbacks.queries import find_callback
from dashboard.callbacks.serializers import run_to_json
from dashboard.context import current, reading
from dashboard.crypto import UnreadableValue
from dashboard.db import utc_now
from dashboard.errors import Conflict
from dashboard.jobs.following.following import request_check
from dashboard.jobs.queries import find_job
from dashboard.jobs.smile_actions.replaying import SENT_AGAIN, ask_for_replay, request_replay
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.smile_keys import smile_keys
from dashboard.web.access import permission_required
from dashboard.web.list_views import scope_here
from dashboard.web.lists.reading import count_of
from dashboard.web.pages.answers import CAUTION, see_other
from dashboard.web.pages.invisible_characters import with_visible_codes
from dashboard.web.security.form_keys import form_transaction, note_result_page, return_on_conflict
from dashboard.worker.queue import wake

NO_JOB_TO_REPLAY = "This callback belongs to no job here, so Smile cannot be asked to send it again."

blueprint = Blueprint("processing", __name__)


@blueprint.post("/callbacks/<uuid:callback_id>/verifications")
@permission_required("callbacks.replay")
def verify(callback_id: UUID) -> ResponseReturnValue:
    """Redirects to the callback's page, which judges it again and shows the result. The result is not stored."""
    page = _page_of(callback_id, verified="now")
    with form_transaction(page) as session:
        callback = _with_body(find_callback(session, current().settings.environment, callback_id))
        record(session, "callback.verified_again", f"callback {callback.id}", utc_now())
    return redirect(page, 303)


@blueprint.post("/callbacks/<uuid:callback_id>/processing")
@permission_required("callbacks.replay")
def process(callback_id: UUID) -> ResponseReturnValue:
    keys, settings = smile_keys(fresh=True), current().settings
    with form_transaction(_page_of(callback_id)) as session:
        callback = _with_body(find_callback(session, settings.environment, callback_id, to_change=True))
        try:
            processed = process_again(session, callback, settings.smile_partner_id, keys, current_user.email, utc_now())
        except UnreadableValue:
            raise Conflict("The body of this callback cannot be opened, so it was not processed.") from None
        details = {"before": processed.before.value, "after": callback.verdict.value}
        record(session, "callback.processed_again", f"callback {callback.id}", utc_now(), details=details)
    if callback.due_at:
        wake("callbacks.handle", callback.id)
    flash(with_visible_codes(processed.in_words), CAUTION if callback.verdict != Verdict.VALID else "message")
    return redirect(_page_of(callback_id), 303)


@blueprint.post("/callbacks/<uuid:callback_id>/checks")
@permission_required("callbacks.replay")
def check(callback_id: UUID) -> ResponseReturnValue:
    with form_transaction(_page_of(callback_id)) as session:
        callback = find_callback(session, current().settings.environment, callback_id)
        if callback.job_id is None:
            raise Conflict("This callback does not belong to a job here, so there is nothing to ask Smile about.")
        job = find_job(session, current().settings.environment, callback.job_id, to_change=True)
        request_check(session, job, current_user.email, utc_now())
        record(session, "callback.asked_smile", f"callback {callback.id}", utc_now(), details={"job": str(job.id)})
    wake("jobs.advance", job.id)
    return see_other("callbacks.show", "Smile is being asked.", callback_id=callback_id, **asked_filters().asked)


@blueprint.post("/callbacks/<uuid:callback_id>/replays")
@permission_required("callbacks.replay")
def replay(callback_id: UUID) -> ResponseReturnValue:
    with form_transaction(_page_of(callback_id)) as session:
        callback = find_callback(session, current().settings.environment, callback_id)
        if callback.job_id is None:
            raise Conflict(NO_JOB_TO_REPLAY)
        job = find_job(session, current().settings.environment, callback.job_id, to_change=True)
        request_replay(session, job, current_user.email, utc_now())
    with return_on_conflict(_page_of(callback_id)):
        ask_for_replay(smile_clients().v3_pages, current().settings, job)
    return see_other("callbacks.show", SENT_AGAIN, callback_id=callback_id, **asked_filters().asked)


@blueprint.get("/callbacks/processing-runs/new")
@permission_required("callbacks.replay")
def new_run() -> ResponseReturnValue:
    filters = asked_filters()
    with reading() as session:
        count = count_of(scope_here(session), filters, cap=MOST_IN_A_RUN)
    return render_template("callbacks/new_run.html", filters=filters, count=count, most=MOST_IN_A_RUN)


@blueprint.post("/callbacks/processing-runs")
@permission_required("callbacks.replay")
def create_run() -> ResponseReturnValue:
    with reading() as session:
        scope = scope_here(session)
        filters = CallbackFilter.from_form(request.form).for_address(scope)
        extent = find_extent(scope, filters)
    asked: dict[str, Any] = {**filters.asked}
    with return_on_conflict(url_for("callbacks.index", **asked)), form_transaction() as session:
        run = start_run(session, scope.environment, filters, extent, current_user.email, utc_now())
        details = {**filters.described, "count": str(run.total)}
        record(session, "callback.run_started", f"processing run {run.id}", utc_now(), details=details)
        note_result_page(session, url_for("callbacks.index", **asked))
    wake("callbacks.process_run", run.id)
    count = f"{run.total:,} callback{'' if run.total == 1 else 's'}"
    return see_other("callbacks.index", f"{count} will be processed again.", **filters.asked)


@blueprint.get("/callbacks/processing-runs/<uuid:run_id>.json")
@permission_required("callbacks.read")
def show_run_json(run_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        return jsonify(run_to_json(find_run(session, current().settings.environment, run_id)))


def _with_body(callback: Callback) -> Callback:
    if callback.erased_at:
        raise Conflict("The body of this callback has been erased, so there is nothing left to judge.")
    return callback


def _page_of(callback_id: UUID, **values: Any) -> str:
    asked: dict[str, Any] = {**values, **asked_filters().asked}
    return url_for("callbacks.show", callback_id=callback_id, **asked)


def asked_filters() -> CallbackFilter:
    return CallbackFilter.from_args(request.args)
