"""The pages and JSON of jobs: list, form, one job, and what can be done with it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.audit.reasons import Reason
from dashboard.audit.reveals import ask_reason_again
from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import keyring_of, utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.jobs import queries
from dashboard.jobs.dealt_with import CAME_BACK, deal_with
from dashboard.jobs.embedded_images import embedded_image_named
from dashboard.jobs.embedded_images import redraw as redraw_image
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.following.following import request_check
from dashboard.jobs.needs import NEEDS, needs_of
from dashboard.jobs.problems import disagreement_text, problem_text
from dashboard.jobs.products import FACTS
from dashboard.jobs.showing import export_views, smile_action_views
from dashboard.jobs.showing.event_words import by_day, by_rule, erased_text, event_text, rule_text
from dashboard.jobs.showing.job_form import form_context, job_form, sent_files, values_of
from dashboard.jobs.showing.listing import customer_label, job_rows, reason_in_list
from dashboard.jobs.showing.serializers import details_to_json, job_to_json
from dashboard.jobs.showing.showing import job_page
from dashboard.jobs.showing.warning_words import warning_words
from dashboard.jobs.showing.wording import IMAGE_NAMES, callback_standing, missing_words, next_step, verdict_sentence
from dashboard.jobs.smile_api.catalogue import country_name, id_type_words
from dashboard.jobs.submitting.form_checks import check_job_form
from dashboard.jobs.submitting.forms import with_test_person
from dashboard.jobs.submitting.last_choice import asked_choice, last_choice, remember_choice
from dashboard.jobs.submitting.media import image_or_none
from dashboard.jobs.submitting.submission import cancel_job, given_data, submit_job
from dashboard.jobs.warning_labels import LABELS
from dashboard.jobs.warnings import warnings_of
from dashboard.smile.constants import SmileApi
from dashboard.web.access import permission_required
from dashboard.web.list_views import add_search, asked_id, asked_page, json_page, live_list, scope_here
from dashboard.web.pages.answers import NOTHING_NEW, render_page_or_partial, see_other, seen_version
from dashboard.web.pages.invisible_characters import with_visible_codes
from dashboard.web.security.form_keys import form_transaction, note_result_page
from dashboard.web.security.headers import image_headers
from dashboard.web.serving.limits import takes_files
from dashboard.worker.queue import wake

FORM = "new_job"  # its name in a member's preferences

blueprint = Blueprint("jobs", __name__)
blueprint.register_blueprint(export_views.blueprint)
blueprint.register_blueprint(smile_action_views.blueprint)
add_search(blueprint, JobFilter, "jobs.read", "jobs.index", "jobs.export.index")
for template_filter in (by_day, country_name, disagreement_text, event_text, id_type_words, problem_text):
    blueprint.add_app_template_filter(template_filter)
for filter_of_erased in (by_rule, erased_text, rule_text):
    blueprint.add_app_template_filter(filter_of_erased)
for filter_of_lists in (customer_label, reason_in_list):
    blueprint.add_app_template_filter(filter_of_lists)


@blueprint.app_context_processor
def words_for_jobs() -> dict[str, Any]:
    return {
        "FACTS": FACTS,
        "IMAGE_NAMES": IMAGE_NAMES,
        "verdict_sentence": verdict_sentence,
        "next_step": next_step,
        "callback_standing": callback_standing,
        "missing_words": missing_words,
        "warning_words": warning_words,
        "WARNING_LABELS": LABELS,
        "needs_of": needs_of,
        "NEEDS": NEEDS,
        "CAME_BACK": CAME_BACK,
        "now": utc_now,
    }


@blueprint.get("/jobs")
@permission_required("jobs.read")
def index() -> ResponseReturnValue:
    with reading(shares=True) as session:
        scope = scope_here(session)
        needs = queries.needs_you(scope)
        shown = live_list(scope, JobFilter.from_args(request.args), needs)
        if shown.is_seen:
            return NOTHING_NEW
        context = shown.context()
        rows = job_rows(session, shown.page.rows, list(context["shows"]))
    context |= {"needs": needs, "rows": rows}
    return render_page_or_partial("jobs/index.html", "jobs/_table.html", **context)


@blueprint.get("/jobs.json")
@permission_required("jobs.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        scope = scope_here(session)
        page = asked_page(scope, JobFilter.from_args(request.args).of_program(scope))
        warnings = warnings_of(session, [job.id for job in page.rows])
    return json_page(page, [job_to_json(job, scope.now, warnings.get(job.id, ())) for job in page.rows])


@blueprint.get("/jobs/new")
@permission_required("jobs.create")
def new() -> ResponseReturnValue:
    values = asked_choice()
    again = asked_id("again")
    if again:
        with transaction() as session:
            job = queries.find_job(session, current().settings.environment, again)
            given = given_data(session, job)
            record(session, "job.copied", f"job {again}", utc_now())
        values = values_of(job, given) | values
        if given.id_number is None or given.person is None:
            flash("Some details of that job cannot be opened. Type them again.")
    values = values or last_choice(FORM)
    return render_template("jobs/new.html", **form_context(job_form(values)))


@blueprint.post("/jobs/new")
@permission_required("jobs.create")
@takes_files
def update_form() -> ResponseReturnValue:
    """Redraws the form for another choice; what was typed is sent in the body, never in an address."""
    values = request.form.to_dict()
    test_number, test_person = values.pop("test_number", ""), values.pop("test_person", "")
    if test_number:
        values["id_number"] = test_number
    form = job_form(values)
    if test_person:
        values |= with_test_person(form, test_person)
    if form.id_choice is None:
        values["id_type"] = ""  # It belonged to the product or country chosen before.
    form.check_id_number()
    return render_page_or_partial("jobs/new.html", "jobs/_form.html", **form_context(form, sent_files()))


@blueprint.get("/jobs/availability")
@permission_required("jobs.create")
def availability() -> ResponseReturnValue:
    """How well the authority answers. The form loads this after it is shown, so that it does not wait for Smile."""
    country, id_type = request.args.get("country", "")[:2], request.args.get("id_type", "")[:50]
    api = SmileApi.V3 if request.args.get("api") == SmileApi.V3 else SmileApi.V1
    found, is_asked = None, False
    if current().catalogue.get().knows(country, id_type):
        found, is_asked = current().availability.get(country, id_type, api)
    return render_template(
        "jobs/_availability.html", availability=found, is_asked=is_asked, country=country, id_type=id_type, api=api
    )


@blueprint.post("/jobs")
@permission_required("jobs.create")
@takes_files
def create() -> ResponseReturnValue:
    form = job_form(request.form.to_dict())
    job_request = check_job_form(form, request.files)
    if job_request is not None:
        try:
            with form_transaction() as session:
                remember_choice(session, FORM, form)
                job = submit_job(session, job_request, current().settings, current_user.email, utc_now())
                note_result_page(session, url_for("jobs.show", job_id=job.id))
        except Invalid as error:
            form.errors |= error.fields
        else:
            wake("jobs.advance", job.id)
            return see_other("jobs.show", job_id=job.id)
    return render_template("jobs/new.html", **form_context(form, sent_files())), 422


@blueprint.get("/jobs/<uuid:job_id>")
@permission_required("jobs.read")
def show(job_id: UUID) -> ResponseReturnValue:
    return render_template("jobs/show.html", **_read_job(job_id))


@blueprint.get("/jobs/<uuid:job_id>.json")
@permission_required("jobs.read")
def show_json(job_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        details = queries.job_details(session, queries.find_job(session, current().settings.environment, job_id))
    return details_to_json(details, utc_now(), may_reveal=current_user.may("jobs.reveal"))


@blueprint.get("/jobs/<uuid:job_id>/status")
@permission_required("jobs.read")
def status(job_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        if queries.version_of(session, current().settings.environment, job_id) == seen_version():
            return NOTHING_NEW
        context = job_page(session, queries.find_job(session, current().settings.environment, job_id))
    return render_template("jobs/_status.html", **context)


@blueprint.post("/jobs/<uuid:job_id>/checks")
@permission_required("jobs.check")
def check(job_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("jobs.show", job_id=job_id)) as session:
        job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
        request_check(session, job, current_user.email, utc_now())
    wake("jobs.advance", job_id)
    return see_other("jobs.show", "Smile is being asked.", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/cancellation")
@permission_required("jobs.cancel")
def cancel(job_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("jobs.show", job_id=job_id)) as session:
        job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
        cancel_job(session, job, current_user.email, utc_now())
    return see_other("jobs.show", "Cancelled. Nothing was sent, and nothing is charged.", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/dealt-with")
@permission_required("review.decide")
def mark_dealt_with(job_id: UUID) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    try:
        with form_transaction(url_for("jobs.show", job_id=job_id)) as session:
            job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
            deal_with(session, job, reason, current_user.email, utc_now())
    except Invalid as error:
        problem = {"reason": reason, "reason_problem": error.fields["reason"]}
        return render_template("jobs/show.html", **_read_job(job_id), **problem), 422
    return see_other("jobs.show", "Marked as dealt with. Something new brings it back.", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/reveals")
@permission_required("jobs.reveal")
def reveal(job_id: UUID) -> ResponseReturnValue:
    reason = Reason.from_form(request.form)
    with transaction() as session:
        job = queries.find_job(session, current().settings.environment, job_id)
        if reason.problem:
            region, back = f"job-{job_id}-status", url_for("jobs.show", job_id=job_id)
            return ask_reason_again(reason, "Reveal what is masked", back, f"job-{job_id}-reveal", region)
        record(session, "job.revealed", f"job {job_id}", utc_now(), details=reason.details)
        context = job_page(session, job, is_revealed=True)
    return render_page_or_partial("jobs/show.html", "jobs/_status.html", **context)


@blueprint.get("/jobs/<uuid:job_id>/images/<uuid:image_id>")
@permission_required("jobs.reveal")
def image(job_id: UUID, image_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        job = queries.find_job(session, current().settings.environment, job_id)
        found = queries.find_image(session, job, image_id)
        record(session, "image.viewed", f"job {job_id}", utc_now(), details={"image_type": str(found.image_type)})
        content = image_or_none(keyring_of(session), current().settings.media_dir, found)
        if content is None:
            raise NotFound("This image cannot be opened: its file is gone or damaged, or its key is missing.")
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return Response(content, mimetype=f"image/{kind}", headers=image_headers(f"image-{image_id}.{kind}"))


@blueprint.get("/jobs/<uuid:job_id>/photos/<field>")
@permission_required("jobs.reveal")
def photo(job_id: UUID, field: str) -> ResponseReturnValue:
    """An image from Smile's answer. `field`: its number, or its path of keys."""
    with transaction() as session:
        job = queries.find_job(session, current().settings.environment, job_id)
        _, images = queries.job_details(session, job).with_images or (None, [])
        found = embedded_image_named(images, field)
        record(session, "image.viewed", f"job {job_id}", utc_now(), details={"field": with_visible_codes(found.field)})
    return Response(redraw_image(found), mimetype="image/jpeg", headers=image_headers(f"photo-{job_id}.jpeg"))


def _read_job(job_id: UUID) -> dict[str, Any]:
    with reading() as session:
        return job_page(session, queries.find_job(session, current().settings.environment, job_id))
