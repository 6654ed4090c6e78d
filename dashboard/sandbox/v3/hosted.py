"""The hosted web integration of v12: its script, its pages, and the pages behind Smile Links of v3.

The behaviour of the pages is in static/js/hosted/v12; this module only serves them.
"""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, send_from_directory

from dashboard.sandbox.api.hosted import page_of
from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import read_timestamp
from dashboard.sandbox.state import current
from dashboard.sandbox.v3.tokens import new_token

hosted_v12 = Blueprint("v3_hosted", __name__)

PAGES = (
    "biometric-kyc", "doc-verification", "enhanced-document-verification", "enhanced-kyc",
    "smart-selfie-authentication", "smart-selfie-registration",
)  # fmt: skip
MODULE = "js/hosted/v12/main.js"


@hosted_v12.get("/inline/v12/js/script.min.js")
def script() -> Response:
    """GET /inline/v12/js/script.min.js: the script that partners embed.

    Not documented on a page of the API: known from the pages of its integrators.
    """
    assert current_app.static_folder is not None
    response = send_from_directory(current_app.static_folder, "js/hosted/v12/script.js", mimetype="text/javascript")
    # Partners load it from their own sites, some of which are cross-origin isolated.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@hosted_v12.get("/inline/v12/<page>.html")
def show(page: str) -> Response:
    """GET /inline/v12/<page>.html: a page that the script opens in an iframe. Unknown pages get 404.

    Not documented on a page of the API: known from the pages of its integrators.
    """
    if page not in PAGES:
        abort(404)
    # The partner's page frames this one, from any address.
    return page_of("sandbox/hosted.html", frame_ancestors="*", page=page, module=MODULE)


@hosted_v12.get("/v3/links/<partner_id>/<ref_id>")
def link(partner_id: str, ref_id: str) -> Response:
    """GET /v3/links/<partner_id>/<ref_id>: the customer's page of a link of v3.

    A link that has expired or was used gets a page with status 410, an unknown one 404.
    Not documented: what Smile shows then.
    """
    found = current().store.links.get(ref_id)
    if found is None or "version" not in found or partner_id != current().settings.partner_id.lstrip("0"):
        response = page_of("sandbox/link_closed.html", "'none'", closed="This link does not exist.")
        response.status_code = 404
        return response
    if closed := _closed(found):
        response = page_of("sandbox/link_closed.html", "'none'", closed=closed)
        response.status_code = 410
        return response
    return page_of("sandbox/hosted.html", "'none'", page="link", link_config=_config(found), module=MODULE)


def _closed(found: Json) -> str:
    """Why the page does not open, or ""."""
    expires_at = read_timestamp(found["expires_at"] or "", iso_only=True)
    if expires_at is not None and expires_at <= datetime.now(UTC):
        return "This link has expired."
    user_id = found["user_id"]
    jobs = current().store.jobs.values()
    if found["is_single_use"] and user_id and any(job.user_id == user_id for job in jobs):
        return "This link has been used."
    return ""


def _config(found: Json) -> Json:
    payload = {"callback_url": found["callback_url"]} if found["callback_url"] else {}
    params = found["partner_params"] or {}
    return {
        "token": new_token(user_id=found["user_id"], partner_params=params, payload=payload),
        "id_types": found["id_types"],
        "partner_details": {
            "partner_id": current().settings.partner_id.lstrip("0"),
            "name": found["name"],
            "policy_url": found["notice_privacy_policy_url"],
        },
    }
