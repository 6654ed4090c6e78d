"""The page behind a Smile Link: the hosted pages for the link's ID types, without a partner's page around them."""

import secrets
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api.hosted import page_of
from dashboard.sandbox.api.web_tokens import JOB_TYPE_OF_PRODUCT, new_token
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, UNAUTHORIZED, Refused
from dashboard.sandbox.signatures import read_timestamp
from dashboard.sandbox.state import current

link_pages = Blueprint("link_pages", __name__, url_prefix="/links")


@link_pages.get("/<partner_id>/<ref_id>")
def show(partner_id: str, ref_id: str) -> Response:
    """GET /links/<partner_id>/<ref_id>: the customer's page of a link.

    A closed link gets a page with status 410, an unknown one 404; what Smile shows then is not documented.

    https://docs.usesmileid.com/integration-options/no-code/smile-links
    """
    link = _found(partner_id, ref_id)
    closed = _closed(link)
    if link is None or closed:
        response = page_of("sandbox/link_closed.html", "'none'", closed=closed)
        response.status_code = 410 if link else 404
        return response
    return page_of("sandbox/hosted.html", "'none'", page="product-selection", link_config=_config(link))


@link_pages.post("/<partner_id>/<ref_id>/start")
def start(partner_id: str, ref_id: str) -> Response:
    """POST /links/<partner_id>/<ref_id>/start: the token for the ID type that the customer chose.

    Takes `country`, `id_type` and `verification_method`. Returns `token`, `product` and `callback_url`.
    Raises Refused (2203, 2205 with status 410 for a closed link, 2213).

    Not documented: the address is the simulator's own.
    """
    body = fields.json_body()
    link = _found(partner_id, ref_id)
    if link is None or _closed(link):
        raise Refused(UNAUTHORIZED, "The link cannot be used", 410)
    chosen = next((row for row in link["id_types"] if all(row[name] == body.get(name) for name in row)), None)
    if chosen is None:
        raise Refused(MISSING, "The link has no such id_type")
    product = chosen["verification_method"]
    params = {
        **link.get("partner_params", {}),
        "user_id": link.get("user_id") or f"user-{secrets.token_hex(8)}",
        "job_id": f"job-{secrets.token_hex(8)}",
        "job_type": JOB_TYPE_OF_PRODUCT[product],
    }
    token = new_token(params, link["callback_url"], link_ref=ref_id)
    return jsonify({"token": token, "product": product, "callback_url": link["callback_url"]})


def _found(partner_id: str, ref_id: str) -> Json | None:
    sandbox = current()
    return sandbox.store.links.get(ref_id) if partner_id == sandbox.settings.partner_id else None


def _closed(link: Json | None) -> str:
    """Why the page does not open, or ""."""
    if link is None:
        return "This link does not exist."
    if link["disabled_at"]:
        return "This link has been switched off."
    expires_at = read_timestamp(link["expires_at"] or "", iso_only=True)
    if expires_at is not None and expires_at <= datetime.now(UTC):
        return "This link has expired."
    if link["is_single_use"] and current().store.jobs_of_link(link["ref_id"]):
        return "This link has been used."
    return ""


def _config(link: Json) -> Json:
    return {
        "environment": request.host_url.rstrip("/"),
        "id_types": link["id_types"],
        "partner_details": {
            "partner_id": current().settings.partner_id,
            "name": link["company_name"],
            "logo_url": link["logo_url"],
            "policy_url": link["data_privacy_policy_url"],
            "theme_color": "#14603f",
        },
        "start_url": f"{request.path}/start",
        "redirect_url": link.get("redirect_url", ""),
    }
