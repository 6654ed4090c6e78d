"""Views about one person: find what is held, export it, erase it, and show the proof.

What identifies a person is only sent in request bodies, since addresses end up in histories and logs.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import Database, keyring_of, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.privacy.erasing import Erased, erase_person, find_erasure
from dashboard.privacy.export import write_package
from dashboard.privacy.files import remove_files
from dashboard.privacy.filters import ErasureFilter
from dashboard.privacy.finding import FIELD, FoundPerson, HeldData, find_person, what_is_held
from dashboard.privacy.journal import note_erasures
from dashboard.privacy.models import Erasure
from dashboard.privacy.traces import wipe_traces
from dashboard.web.access import permission_required, recent_confirmation_required
from dashboard.web.list_views import asked_page, json_page, list_context, scope_here
from dashboard.web.pages.answers import json_time, see_other, wants_partial
from dashboard.web.pages.downloads import download
from dashboard.web.pages.form_state import FormState
from dashboard.web.pages.locales import company_formats
from dashboard.web.security.form_keys import form_transaction, note_result_page

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/privacy")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def index() -> ResponseReturnValue:
    return _index(FormState({}))


@blueprint.get("/privacy.json")
@permission_required("privacy.manage")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        page = asked_page(scope_here(session), ErasureFilter.from_args(request.args))
    return json_page(page, [_proof(erasure) for erasure in page.rows])


@blueprint.post("/privacy/searches")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def search() -> ResponseReturnValue:
    """Answers the POST with the page itself, so that no address names the person. The trail records who searched."""
    try:
        with reading() as session:
            found = find_person(session, request.form.get(FIELD, ""))
            held = what_is_held(session, found.identifier, found.named)
        with transaction() as session:
            record(session, "person.searched", "privacy", utc_now(), details={"jobs": str(len(found.named))})
    except Invalid as error:
        return _index(FormState(request.form.to_dict(), error.fields)), 422
    return _held_page(found, held, {job.id for job in found.named})


@blueprint.post("/privacy/searches.json")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def search_json() -> ResponseReturnValue:
    try:
        with reading() as session:
            found = find_person(session, request.form.get(FIELD, ""))
            held = what_is_held(session, found.identifier, found.named)
    except Invalid as error:
        return jsonify(errors=error.fields), 422
    with transaction() as session:
        record(session, "person.searched", "privacy", utc_now(), details={"jobs": str(len(found.named))})
    return {
        "jobs": [str(job.id) for job in found.named],
        "related_jobs": [{"id": str(job.id), "why": why} for job, why in found.related],
        "callbacks": [str(callback.id) for callback in held.callbacks],
        "links": [str(link.id) for link in held.links],
        "counts": held.counts,
    }


@blueprint.post("/privacy/counts")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def count() -> ResponseReturnValue:
    """Counts what is held with the ticked jobs. The search has already recorded who looked."""
    with reading() as session:
        found, held = _chosen(session)
    if wants_partial():
        return render_template("privacy/_counts.html", found=found, held=held)
    return _held_page(found, held, {job.id for job in held.jobs})


@blueprint.post("/privacy/exports")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def export() -> ResponseReturnValue:
    now = utc_now()
    with reading() as session:
        _, held = _chosen(session)
    if held.is_nothing:
        raise Conflict("Nothing was chosen, so there is nothing to export.")
    with transaction() as session:
        record(session, "person.exported", "privacy", now, details={k: str(v) for k, v in held.counts.items()})
        keyring = keyring_of(session)
    write = partial(write_package, _database(), current().settings, keyring, held, now)
    return download(f"person-{now:%Y-%m-%d}.zip", "application/zip", write)


@blueprint.post("/privacy/erasures")
@permission_required("privacy.manage")
@recent_confirmation_required("privacy.index")
def erase() -> ResponseReturnValue:
    """Erases and commits, then removes files, writes the journal, and wipes traces in the database."""
    now = utc_now()
    with reading() as session:
        found, held = _chosen(session)
    try:
        with form_transaction() as session:
            erased = _erase(session, found, now)
            note_result_page(session, url_for("privacy.show", erasure_id=erased.erasure.id))
    except Invalid as error:
        return _held_page(found, held, {job.id for job in held.jobs}, error.fields), 422
    except Conflict as error:
        return _held_page(found, held, {job.id for job in held.jobs}, {"confirmation": error.message}), 409
    remove_files(current().settings, erased.files)
    with reading() as session:
        note_erasures(session, current().settings)
    is_clean = wipe_traces(_database())
    rest = "" if is_clean else " The database is busy: the worker will wipe old pages of its log within the hour."
    return see_other("privacy.show", f"Erased. This proof is kept.{rest}", erasure_id=erased.erasure.id)


def _erase(session: Session, found: FoundPerson, now: datetime) -> Erased:
    if request.form.get("confirmation", "").strip() != found.identifier:
        raise Invalid({"confirmation": "Type it again, exactly as you searched for it. Nothing was erased."})
    ids = request.form.getlist("job", type=UUID)
    erased = erase_person(session, found, ids, current_user.email, current_user.id, now)
    details = {name: str(count) for name, count in erased.erasure.counts.items()}
    record(session, "person.erased", f"erasure {erased.erasure.id}", now, details=details)
    return erased


@blueprint.get("/privacy/erasures/<uuid:erasure_id>")
@permission_required("privacy.manage")
def show(erasure_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        erasure = find_erasure(session, erasure_id)
        # The proof is printed and passed on, so its times are in the company's zone for every member.
        erased_at = company_formats(session).moment(erasure.at)
    return render_template("privacy/erasure.html", erasure=erasure, erased_at=erased_at)


@blueprint.get("/privacy/erasures/<uuid:erasure_id>.json")
@permission_required("privacy.manage")
def show_json(erasure_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        return _proof(find_erasure(session, erasure_id))


def _chosen(session: Session) -> tuple[FoundPerson, HeldData]:
    """The ticked jobs among those found now, and what is held with them."""
    found = find_person(session, request.form.get(FIELD, ""))
    jobs = found.chosen(request.form.getlist("job", type=UUID))
    return found, what_is_held(session, found.identifier, jobs)


def _index(form: FormState) -> str:
    with reading() as session:
        context = list_context(scope_here(session), ErasureFilter())
    return render_template("privacy/index.html", **context, form=form)


def _held_page(found: FoundPerson, held: HeldData, ticked: set[UUID], errors: dict[str, str] | None = None) -> str:
    form = FormState({FIELD: found.identifier}, errors or {})
    return render_template("privacy/held.html", found=found, held=held, ticked=ticked, form=form)


def _proof(erasure: Erasure) -> dict[str, Any]:
    return {
        "id": str(erasure.id),
        "erased_at": json_time(erasure.at),
        "erased_by": erasure.erased_by,
        "identifier_digests": erasure.identifier_digests,
        "counts": erasure.counts,
        "manifest": erasure.manifest,
        "manifest_sha256": erasure.manifest_sha256,
    }


def _database() -> Database:
    database = current().database
    assert isinstance(database, Database)
    return database
