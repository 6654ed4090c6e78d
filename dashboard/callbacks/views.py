"""HTTP in, HTTP out for callbacks as the team sees them; what Smile sends arrives in hooks.py."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.parsing import parse
from dashboard.callbacks.queries import (
    NO_JOB,
    Filters,
    find_callback,
    find_confirmation,
    list_callbacks,
    version_of_list,
)
from dashboard.callbacks.showing import body_as_received, pretty_json, raw_text, visible
from dashboard.config import Settings
from dashboard.db import keyring_of, reading
from dashboard.web.access import permission_required
from dashboard.web.pages import NOTHING_NEW, json_list, render_page_or_partial, seen_version, wants_partial
from dashboard.web.pagination import asked_after

blueprint = Blueprint("callbacks", __name__)
blueprint.add_app_template_filter(visible)

#: A duplicate is counted on the callback that it repeats and has no row of its own.
FILTER_VERDICTS = [verdict for verdict in Verdict if verdict != Verdict.DUPLICATE]


@blueprint.get("/callbacks")
@permission_required("callbacks.read")
def index() -> ResponseReturnValue:
    filters = _asked_filters()
    with reading() as session:
        version = version_of_list(session, _environment(), filters)
        if wants_partial() and seen_version() == version:
            return NOTHING_NEW
        page = list_callbacks(session, _environment(), filters, asked_after())
    asked = {name: value for name, value in asdict(filters).items() if value}
    return render_page_or_partial(
        "callbacks/index.html",
        "callbacks/_table.html",
        page=page,
        filters=filters,
        verdicts=FILTER_VERDICTS,
        no_job=NO_JOB,
        is_first_page=asked_after() is None,
        live_address=url_for("callbacks.index", **{**asked, "seen": version}),
        hook_address=_settings().public_url + "/hooks/smile",
    )


@blueprint.get("/callbacks.json")
@permission_required("callbacks.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        page = list_callbacks(session, _environment(), _asked_filters(), asked_after())
    items = [_as_json(callback) for callback in page.rows]
    return json_list(items, page.next_address, page.count, page.count_is_exact)


@blueprint.get("/callbacks/<uuid:callback_id>")
@permission_required("callbacks.read")
def show(callback_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        callback = find_callback(session, _environment(), callback_id)
        confirmation = find_confirmation(session, callback)
        body = keyring_of(session).open(callback.body_sealed, callback.body_identity)
    payload, may_reveal = parse(body), current_user.may("jobs.reveal")
    actions = payload.get("Actions")
    return render_template(
        "callbacks/show.html",
        callback=callback,
        confirmation=confirmation,
        actions=actions if isinstance(actions, dict) else {},
        pretty=pretty_json(payload, may_reveal),
        raw=raw_text(body.decode(), payload) if may_reveal else None,
    )


@blueprint.get("/callbacks/<uuid:callback_id>.json")
@permission_required("callbacks.read")
def show_json(callback_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        callback = find_callback(session, _environment(), callback_id)
        body = keyring_of(session).open(callback.body_sealed, callback.body_identity)
    may_reveal = current_user.may("jobs.reveal")
    return jsonify(
        **_as_json(callback),
        steps=callback.steps,
        headers=callback.headers,
        body=body_as_received(body.decode(), parse(body), may_reveal),
        masked=["signature"] if may_reveal else ["signature", "personal data"],
    )


def _as_json(callback: Callback) -> dict[str, Any]:
    return {
        "id": str(callback.id),
        "received_at": callback.received_at.isoformat(),
        "verdict": callback.verdict,
        "reason": callback.reason,
        "job_id": str(callback.job_id) if callback.job_id else None,
        "claimed_job_id": callback.claimed_job_id,
        "smile_job_id": callback.claimed_smile_job_id,
        "result_code": callback.result_code,
        "result_text": callback.result_text,
        "body_sha256": callback.body_sha256,
        "body_size": callback.body_size,
        "times_seen": callback.times_seen,
        "last_seen_at": callback.last_seen_at.isoformat(),
        "handled_at": callback.handled_at.isoformat() if callback.handled_at else None,
        "source_address": callback.source_address,
    }


def _asked_filters() -> Filters:
    """An unknown verdict finds everything, as if the filter were not set."""
    asked = request.args
    return Filters(
        verdict=asked.get("verdict", type=Verdict), q=asked.get("q", "").strip(), job=asked.get("job", "").strip()
    )


def _settings() -> Settings:
    settings = current_app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    return settings


def _environment() -> str:
    return _settings().environment
