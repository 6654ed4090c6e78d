"""Views of callbacks for staff. Smile's own requests arrive in receiving/receiver.py."""

from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.reasons import Reason
from dashboard.audit.reveals import ask_reason_again
from dashboard.audit.trail import record
from dashboard.callbacks.filters import CallbackFilter
from dashboard.callbacks.inspecting import comparing_views
from dashboard.callbacks.inspecting.claims import claims_in_list, is_contradicted, outcome_claimed
from dashboard.callbacks.inspecting.opening import open_callback
from dashboard.callbacks.inspecting.showing import as_curl, masked_body, raw_text
from dashboard.callbacks.inspecting.verdict_words import callback_next, verdict_name
from dashboard.callbacks.inspecting.wording import sentence_claimed, text_claimed, timeline_of
from dashboard.callbacks.processing import views as processing_views
from dashboard.callbacks.processing.reprocessing import verify_again
from dashboard.callbacks.processing.runs import recent_runs
from dashboard.callbacks.processing.views import asked_filters
from dashboard.callbacks.queries import (
    body_or_none,
    callbacks_of_same_job,
    customers_of,
    events_since,
    find_callback,
    list_around,
    outcomes_of_jobs,
    version_of,
    versions_of_jobs,
)
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving.verdicts import Judgement
from dashboard.callbacks.refused import views as refused_views
from dashboard.callbacks.serializers import callback_to_json, run_to_json, today_to_json
from dashboard.callbacks.step_words import shown_steps, step_text
from dashboard.callbacks.today import counts_of_today
from dashboard.context import current, reading, transaction
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import once_per_change, utc_now
from dashboard.errors import NotFound
from dashboard.jobs.embedded_images import embedded_image_named, redraw
from dashboard.jobs.smile_actions.replaying import may_replay
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.smile_keys import smile_keys
from dashboard.web.access import permission_required
from dashboard.web.list_views import add_search, asked_page, json_page, live_list, scope_here
from dashboard.web.pages.answers import NOTHING_NEW, json_time, render_page_or_partial, seen_version
from dashboard.web.pages.invisible_characters import with_visible_codes
from dashboard.web.security.headers import image_headers

blueprint = Blueprint("callbacks", __name__)
blueprint.register_blueprint(processing_views.blueprint)
blueprint.register_blueprint(comparing_views.blueprint)
blueprint.register_blueprint(refused_views.blueprint)
add_search(blueprint, CallbackFilter, "callbacks.read", "callbacks.index")
FILTERS = (outcome_claimed, text_claimed, reason_text, shown_steps, step_text, verdict_name, callback_next, may_replay)
for template_filter in FILTERS:
    blueprint.add_app_template_filter(template_filter)

REVEAL = "Reveal what is masked"
#: The counts in today's bar that need attention at once.
URGENT = ("alarms", "overdue")


@blueprint.get("/callbacks")
@permission_required("callbacks.read")
def index() -> ResponseReturnValue:
    filters = asked_filters()
    with reading(shares=True) as session:
        scope = scope_here(session)
        key = ("today", scope.environment, scope.zone)
        today = once_per_change(session, key, lambda: counts_of_today(scope))
        runs = recent_runs(session, scope.environment, scope.now)
        shown = live_list(
            scope,
            filters,
            today,
            [run_to_json(run) for run in runs],
            beside_rows=lambda rows: versions_of_jobs(session, [each.job_id for each in rows]),
        )
        if shown.is_seen:
            return NOTHING_NEW
        rows = shown.rows()
        context = shown.context() | {
            "rows": rows,
            "claims": claims_in_list(session, rows),
            "customers": customers_of(session, rows),
        }
    return render_page_or_partial(
        "callbacks/index.html",
        "callbacks/_table.html",
        **context,
        today=today,
        urgent=sum(each.count for each in today if each.name in URGENT),
        runs=runs,
        hook_address=hook_address(current().settings),
    )


@blueprint.get("/callbacks.json")
@permission_required("callbacks.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        scope = scope_here(session)
        page = asked_page(scope, asked_filters().of_program(scope))
        outcomes, claims = outcomes_of_jobs(session, page.rows), claims_in_list(session, page.rows)
    items = [
        callback_to_json(each)
        | {"job_outcome": outcomes.get(each.job_id), "is_contradicted": is_contradicted(claims, each)}
        for each in page.rows
    ]
    return json_page(page, items)


@blueprint.get("/callbacks/today.json")
@permission_required("callbacks.read")
def today_json() -> ResponseReturnValue:
    with reading() as session:
        return jsonify(today_to_json(counts_of_today(scope_here(session))))


@blueprint.get("/callbacks/<uuid:callback_id>")
@permission_required("callbacks.read")
def show(callback_id: UUID) -> ResponseReturnValue:
    filters = asked_filters()
    wants_verification = "verified" in request.args and current_user.may("callbacks.replay")
    keys = smile_keys(fresh=True) if wants_verification else None
    with reading() as session:
        version = version_of(session, current().settings.environment, callback_id)
        opened = open_callback(session, callback_id)
        callback = opened.callback
        beside = list_around(scope_here(session), filters, callback)
        siblings = callbacks_of_same_job(session, callback)
        shown = [*beside, *siblings]
        claims, customers = claims_in_list(session, shown), customers_of(session, shown)
        events = events_since(session, callback) if opened.job else ()
        verified: Judgement | None = None
        if keys and not callback.erased_at and not opened.is_unreadable:
            verified = verify_again(session, callback, current().settings.smile_partner_id, keys, utc_now())
    place = siblings.index(callback)
    return render_template(
        "callbacks/show.html",
        callback=callback,
        job=opened.job,
        proof=opened.proof,
        version=version,
        filters=filters,
        beside=beside,
        siblings=siblings,
        contradicted={each.id for each in shown if is_contradicted(claims, each)},
        customers=customers,
        previous=siblings[place - 1] if place else None,
        next=siblings[place + 1] if place + 1 < len(siblings) else None,
        timeline=timeline_of(callback, events),
        verified=verified,
        claimed=CANNOT_BE_OPENED
        if opened.is_unreadable
        else sentence_claimed(opened.claim, callback.product, opened.unknown_cause),
        claimed_outcome=opened.claim.outcome.value if opened.claim.code and opened.claim.outcome else "",
        actions=opened.result.actions,
        images=opened.images,
        is_unreadable=opened.is_unreadable,
        pretty=opened.as_json(is_revealed=False),
        curl=as_curl(opened.payload, callback.headers, is_revealed=False, address=hook_address(current().settings)),
    )


@blueprint.get("/callbacks/<uuid:callback_id>/status")
@permission_required("callbacks.read")
def status(callback_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        version = version_of(session, current().settings.environment, callback_id)
        if seen_version() == version:
            return NOTHING_NEW
        opened = open_callback(session, callback_id)
    return render_template(
        "callbacks/_status.html",
        callback=opened.callback,
        job=opened.job,
        proof=opened.proof,
        version=version,
        filters=asked_filters(),
        is_unreadable=opened.is_unreadable,
        verified=None,
    )


@blueprint.get("/callbacks/<uuid:callback_id>.json")
@permission_required("callbacks.read")
def show_json(callback_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        opened = open_callback(session, callback_id)
        siblings = callbacks_of_same_job(session, opened.callback)
        events = events_since(session, opened.callback) if opened.job else ()
    callback, proof = opened.callback, opened.proof
    return jsonify(
        **callback_to_json(callback),
        steps=shown_steps(proof.steps),
        signed_text="".join(proof.signed_text) or None,
        confirmed_at=json_time(proof.confirmed_at),
        alarm=step_text(proof.alarm) if proof.alarm else None,
        is_contradicted=proof.alarm is not None,
        headers=callback.headers,
        body=CANNOT_BE_OPENED if opened.is_unreadable else masked_body(opened.payload),
        masked=["signature", "personal data"],
        images=[{"number": each.number, "field": each.field, "size": each.size} for each in opened.images],
        of_same_job=[str(sibling.id) for sibling in siblings],
        timeline=[{"at": json_time(at), "text": text} for at, text in timeline_of(callback, events)],
    )


@blueprint.post("/callbacks/<uuid:callback_id>/reveals")
@permission_required("jobs.reveal")
def reveal(callback_id: UUID) -> ResponseReturnValue:
    reason = Reason.from_form(request.form)
    with transaction() as session:
        opened = open_callback(session, callback_id)
        if reason.problem:
            back, element_id = url_for("callbacks.show", callback_id=callback_id), f"callback-{callback_id}-revealed"
            return ask_reason_again(reason, REVEAL, back, element_id)
        record(session, "callback.revealed", f"callback {callback_id}", utc_now(), details=reason.details)
    return render_page_or_partial(
        "callbacks/revealed.html",
        "callbacks/_revealed.html",
        callback=opened.callback,
        pretty=opened.as_json(is_revealed=True),
        raw=CANNOT_BE_OPENED if opened.is_unreadable else raw_text(opened.body.decode(), opened.payload),
        curl=as_curl(
            opened.payload, opened.callback.headers, is_revealed=True, address=hook_address(current().settings)
        ),
    )


@blueprint.get("/callbacks/<uuid:callback_id>/images/<field>")
@permission_required("jobs.reveal")
def image(callback_id: UUID, field: str) -> ResponseReturnValue:
    """Shows an image in the body. `field`: its number, or the keys that lead to it."""
    with transaction() as session:
        opened = open_callback(session, callback_id)
        embedded = embedded_image_named(opened.images, field)
        details = {"field": with_visible_codes(embedded.field)}
        record(session, "callback.image_viewed", f"callback {callback_id}", utc_now(), details=details)
    return Response(redraw(embedded), mimetype="image/jpeg", headers=image_headers(f"image-{callback_id}.jpeg"))


@blueprint.get("/callbacks/<uuid:callback_id>/body")
@permission_required("callbacks.download")
def body(callback_id: UUID) -> ResponseReturnValue:
    """Downloads the body exactly as received. It contains the signature, which would fit any other body too."""
    with transaction() as session:
        callback = find_callback(session, current().settings.environment, callback_id)
        if callback.erased_at:
            raise NotFound("This body was erased, so there is nothing to download.")
        received = body_or_none(session, callback)
        if received is None:
            raise NotFound("This body cannot be opened, so there is nothing to download.")
        record(session, "callback.downloaded", f"callback {callback_id}", utc_now())
    headers = {"Content-Disposition": f'attachment; filename="callback-{callback_id}.json"'}
    return Response(received, mimetype="application/octet-stream", headers=headers)
