"""The team's pages and JSON of links; the customer's pages are in customer/views.py."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from dashboard.audit.reasons import Reason
from dashboard.audit.reveals import ask_reason_again
from dashboard.audit.trail import record
from dashboard.context import current, reading, transaction
from dashboard.db import keyring_of, once_per_change, utc_now
from dashboard.errors import Invalid
from dashboard.jobs.products import WEB_PRODUCTS, Product
from dashboard.jobs.smile_api.api_choice import chosen_apis
from dashboard.jobs.submitting.fields import FIELDS
from dashboard.jobs.submitting.last_choice import last_choice, remember_choice
from dashboard.links.creation import MOST_DAYS, create_link, prefill_of, problem_with_days
from dashboard.links.filters import STALLED, LinkFilter
from dashboard.links.managing import extend_link, pause_link, renew_code, resume_link, revoke_link
from dashboard.links.messages import cancel_link_mails
from dashboard.links.models import Link
from dashboard.links.queries import find_link, progress_of
from dashboard.links.smile_links.smile_links import draft_smile_link
from dashboard.links.smile_links.views import make_at_smile
from dashboard.links.staff.forms import (
    CHOICE_WORDS,
    CUSTOMER_CHOOSES,
    LinkForm,
    check_link_form,
    draw_link_form,
    encode,
    language_choices,
    values_again,
)
from dashboard.links.staff.handover import code_to_show, forget_code, show_code_next
from dashboard.links.staff.one_link import link_context, link_page, prefill_with_labels, version_of_link
from dashboard.links.staff.serializers import details_to_json, link_to_json
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required
from dashboard.web.list_views import add_search, asked_id, asked_page, json_page, live_list, scope_here
from dashboard.web.lists.reading import count_of
from dashboard.web.pages.answers import NOTHING_NEW, render_page_or_partial, see_other, seen_version
from dashboard.web.security.form_keys import claim_press, form_transaction, note_result_page

FORM = "new_link"  # its name in a member's preferences
#: The parameters that the form's address may have.
ASKED = ("kind", "product", "country", "id_type", "choice")

blueprint = Blueprint("links", __name__)
add_search(blueprint, LinkFilter, "links.read", "links.index")


@blueprint.get("/links")
@permission_required("links.read")
def index() -> ResponseReturnValue:
    with reading(shares=True) as session:
        scope = scope_here(session)
        key = ("stalled", scope.environment)
        stalled = once_per_change(session, key, lambda: count_of(scope, LinkFilter(stage=STALLED)))
        shown = live_list(
            scope,
            LinkFilter.from_args(request.args),
            stalled,
            beside_rows=lambda rows: progress_of(session, [each.id for each in rows]),
        )
        if shown.is_seen:
            return NOTHING_NEW
        context = shown.context() | {"rows": shown.rows(), "progress": shown.of_rows}
    return render_page_or_partial(
        "links/index.html", "links/_table.html", **context, stalled=stalled, moment_now=scope.now
    )


@blueprint.get("/links.json")
@permission_required("links.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        scope = scope_here(session)
        page = asked_page(scope, LinkFilter.from_args(request.args).of_program(scope))
        progress = progress_of(session, [link.id for link in page.rows])
    return json_page(page, [link_to_json(link, progress[link.id], scope.now) for link in page.rows])


@blueprint.get("/links/new")
@permission_required("links.create")
def new() -> ResponseReturnValue:
    asked = {name: request.args.getlist(name) for name in ASKED if name in request.args}
    values = MultiDict(asked or last_choice(FORM))
    again = asked_id("again")
    if again:
        with reading() as session:
            values = _values_of(find_link(session, current().settings.environment, again))
        for name, chosen in asked.items():  # replaces the values of that link
            values.setlist(name, chosen)
    return render_template("links/new.html", **_form_context(_drawn(values)))


@blueprint.post("/links/new")
@permission_required("links.create")
def update_form() -> ResponseReturnValue:
    """Redraws the form for another choice; what was typed is sent in the body, never in an address."""
    form = _drawn(request.form)
    return render_page_or_partial("links/new.html", "links/_form.html", **_form_context(form))


@blueprint.post("/links")
@permission_required("links.create")
def create() -> ResponseReturnValue:
    form, link_request = check_link_form(request.form, current().catalogue.get(), _apis())
    if link_request is not None:
        try:
            if form.is_smile_link:
                with form_transaction() as session:
                    link = draft_smile_link(session, link_request, current().settings, current_user.email, utc_now())
                    note_result_page(session, url_for("links.show", link_id=link.id))
                return make_at_smile(link.id)
            with transaction() as session:
                claim_press(session, "", utc_now())  # A second press at the same time waits, and then renews the code.
                remember_choice(session, FORM, form)
                link, code = create_link(session, link_request, current().settings, current_user.email, utc_now())
                return show_code_next(link.id, code, keyring_of(session))
        except Invalid as error:
            form.errors |= error.fields
    return render_template("links/new.html", **_form_context(form)), 422


@blueprint.get("/links/<uuid:link_id>")
@permission_required("links.read")
def show(link_id: UUID) -> ResponseReturnValue:
    """One link, with its address if this browser has just made it."""
    with reading() as session:
        code = code_to_show(link_id, keyring_of(session))
    page = link_page(link_id, code)
    answer = make_response(page)
    if code:
        forget_code(answer)
    return answer


@blueprint.get("/links/<uuid:link_id>.json")
@permission_required("links.read")
def show_json(link_id: UUID) -> ResponseReturnValue:
    context = link_context(link_id)
    return details_to_json(
        context["link"], context["progress"], context["jobs"], context["sent"], context["moment_now"]
    )


@blueprint.get("/links/<uuid:link_id>/status")
@permission_required("links.read")
def status(link_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        link = find_link(session, current().settings.environment, link_id)
        if version_of_link(session, link, progress_of(session, [link_id])[link_id]) == seen_version():
            return NOTHING_NEW
    return render_template("links/_status.html", **link_context(link_id))


@blueprint.post("/links/<uuid:link_id>/pause")
@permission_required("links.change")
def pause(link_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        pause_link(session, _find(session, link_id), utc_now())
    return see_other("links.show", "Paused. Nobody can start until you resume it.", link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/resumption")
@permission_required("links.change")
def resume(link_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        resume_link(session, _find(session, link_id), utc_now())
    return see_other("links.show", "Resumed. The address works again.", link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/revocation")
@permission_required("links.change")
def revoke(link_id: UUID) -> ResponseReturnValue:
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        cancel_link_mails(session, [link_id])
        revoke_link(session, _find(session, link_id), utc_now())
    return see_other("links.show", "Revoked. The address will never work again.", link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/expiry")
@permission_required("links.change")
def extend(link_id: UUID) -> ResponseReturnValue:
    days = request.form.get("days", type=int) or 0
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        link = _find(session, link_id)
        if problem := problem_with_days(days):
            raise Invalid({"days": problem})
        extend_link(session, link, days, utc_now())
    return see_other("links.show", "Extended. The address stays the same.", link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/codes")
@permission_required("links.change")
def renew(link_id: UUID) -> ResponseReturnValue:
    """Replaces the address; the new one is shown once, and all earlier ones stop working."""
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        cancel_link_mails(session, [link_id])
        code = renew_code(session, _find(session, link_id), utc_now())
        return show_code_next(link_id, code, keyring_of(session))


@blueprint.post("/links/<uuid:link_id>/reveals")
@permission_required("jobs.reveal")
def reveal(link_id: UUID) -> ResponseReturnValue:
    """Shows the details filled in for the customer."""
    reason = Reason.from_form(request.form)
    with transaction() as session:
        link = find_link(session, current().settings.environment, link_id)
        if reason.problem:
            back, element_id = url_for("links.show", link_id=link_id), f"link-{link_id}-revealed"
            return ask_reason_again(reason, "Reveal the details", back, element_id)
        prefill = prefill_of(session, link)
        record(session, "link.revealed", f"link {link_id}", utc_now(), details=reason.details)
    context = {"link": link, "prefill": prefill_with_labels(prefill, link)}
    return render_page_or_partial("links/revealed.html", "links/_revealed.html", **context)


def _drawn(values: MultiDict[str, str]) -> LinkForm:
    return draw_link_form(values, current().catalogue.get(), _apis())


def _apis() -> Mapping[Product, SmileApi]:
    with reading() as session:
        return chosen_apis(session, current().settings)


def _find(session: Any, link_id: UUID) -> Link:
    return find_link(session, current().settings.environment, link_id, to_change=True)


def _values_of(link: Link) -> MultiDict[str, str]:
    days = max(1, round((link.expires_at - link.created_at) / timedelta(days=1)))
    values = MultiDict(values_again(link, min(days, MOST_DAYS)))
    for choice in link.offered():
        values.add("choice", encode(choice))
    return values


def _form_context(form: LinkForm) -> dict[str, Any]:
    with reading() as session:
        branding = read_branding(session, current().settings)
    return {
        "form": form,
        "products": WEB_PRODUCTS,
        "languages": language_choices(),
        "return_urls": [(url, url) for url in branding.return_urls],
        "CUSTOMER_CHOOSES": CUSTOMER_CHOOSES,
        "CHOICE_WORDS": CHOICE_WORDS,
        "FIELDS": FIELDS,
        "encode": encode,
    }
