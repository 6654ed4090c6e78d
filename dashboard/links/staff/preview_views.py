"""The preview of the customer's first page for staff: the same page, but nothing can be sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.jobs.products import WEB_PRODUCTS
from dashboard.jobs.smile_api.api_choice import chosen_apis
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.creation import MOST_DAYS, choices_as_json
from dashboard.links.customer.first_page import first_page
from dashboard.links.languages import choose_language, texts_in
from dashboard.links.models import Link
from dashboard.links.queries import find_link
from dashboard.links.staff.forms import draw_link_form
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required

#: For a frame on our own pages, in which nothing can run or be sent.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}

blueprint = Blueprint("link_previews", __name__)


@blueprint.get("/links/preview")
@permission_required("links.create")
def draft() -> ResponseReturnValue:
    """The preview of what the form says so far, with defaults for the rest."""
    return _preview(_drafted_link())


@blueprint.get("/links/<uuid:link_id>/preview")
@permission_required("links.read")
def stored(link_id: UUID) -> ResponseReturnValue:
    with reading() as session:
        link = find_link(session, current().settings.environment, link_id)
    return _preview(link)


def _preview(link: Link) -> Response:
    settings = current().settings
    with reading() as session:
        branding = read_branding(session, settings)
    texts = texts_in(choose_language(request.args.get("lang", ""), link.language, request.accept_languages))
    context: dict[str, Any] = {"t": texts, "languages": LANGUAGE_NAMES, "branding": branding, "errors": {}, "code": ""}
    page = render_template("customer/first.html", is_preview=True, page=first_page(link, branding, texts), **context)
    answer = make_response(page)
    answer.headers.update(HEADERS)
    return answer


def _drafted_link() -> Link:
    """A link that is never saved."""
    now = utc_now()
    with reading() as session:
        apis = chosen_apis(session, current().settings)
    form = draw_link_form(request.args, current().catalogue.get(), apis)
    days = request.args.get("expires_in_days", type=int) or 7
    product = None if form.customer_chooses and form.choices else form.product or next(iter(WEB_PRODUCTS))
    return Link(
        environment=current().settings.environment,
        code_digest="",
        product=product,
        choices=choices_as_json(form.choices),
        country=form.country or None,
        id_type=form.id_choice.id_type if form.id_choice else None,
        language=form.value("language") if form.value("language") in LANGUAGE_NAMES else "",
        expires_at=now + timedelta(days=min(max(days, 1), MOST_DAYS)),
        created_by="",
        created_at=now,
        changed_at=now,
    )
