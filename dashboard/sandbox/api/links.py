"""Smile Links: create, update, show and list; link_pages.py has the pages behind the links."""

import secrets
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import MISSING, WRONG_TYPE, Refused
from dashboard.sandbox.signatures import iso, read_timestamp
from dashboard.sandbox.state import current
from dashboard.smile.constants import LINK_METHODS

links = Blueprint("links", __name__)

_REQUIRED_TEXTS = ("name", "company_name", "callback_url", "data_privacy_policy_url", "logo_url")
_OPTIONAL_TEXTS = ("user_id", "redirect_url", "expires_at")


@links.post("/v1/smile_links")
def create() -> Response:
    """POST /v1/smile_links: create a link.

    Takes `name`, `company_name`, `id_types` (a list of {"country", "id_type", "verification_method"}), `callback_url`,
    `data_privacy_policy_url`, `logo_url`, `is_single_use`, and optionally `user_id`, `partner_params` (text values),
    `redirect_url` and `expires_at` (ISO 8601, UTC). Returns `link` (address) and `ref_id`.
    Raises Refused (2203, 2204, 2205, 2213).

    https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
    """
    sandbox = current()
    body = fields.json_body()
    authentication.by_signature(body, "partner_id")
    if not isinstance(body.get("is_single_use"), bool):
        raise Refused(MISSING, "Error - is_single_use must be true or false")
    for name in _REQUIRED_TEXTS:
        fields.text(body, name)
    link = _changes(body)
    if "id_types" not in link:
        raise Refused(MISSING, "Error - A required parameter is missing: id_types")
    link |= {
        "ref_id": secrets.token_hex(12),
        "created_at": iso(datetime.now(UTC)),
        "disabled_at": None,
    }
    link.setdefault("expires_at", None)
    sandbox.store.save_link(link)
    return jsonify({"link": _address(link), "ref_id": link["ref_id"]})


@links.put("/v1/smile_links/<ref_id>")
def update(ref_id: str) -> Response:
    """PUT /v1/smile_links/<ref_id>: change a link; `is_disabled` (boolean) closes or reopens it.

    Takes some of the fields of `create`. Returns `link` and `ref_id`. An unknown link gets 404.
    Raises Refused (2203, 2204, 2205).

    https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
    """
    body = fields.json_body()
    authentication.by_signature(body, "partner_id")
    link = {**_found(ref_id), **_changes(body)}
    if "is_disabled" in body:
        link["disabled_at"] = iso(datetime.now(UTC)) if fields.flag(body, "is_disabled") else None
    current().store.save_link(link)
    return jsonify({"link": _address(link), "ref_id": ref_id})


@links.route("/v1/smile_links/<ref_id>", methods=["GET", "POST"])
def show(ref_id: str) -> Response:
    """GET or POST /v1/smile_links/<ref_id>: one link with its counts. The sources disagree about the method.

    Returns the link's fields, `link`, `total_jobs`, `successful_jobs` and `failed_jobs`. An unknown link gets 404.
    Raises Refused (2203, 2204, 2205).

    https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
    """
    authentication.by_signature(request.args if request.method == "GET" else fields.json_body(), "partner_id")
    return jsonify(_shown(_found(ref_id)))


@links.get("/v1/smile_links")
def list_links() -> Response:
    """GET /v1/smile_links: all links. The path and the shape `{"links": [...]}` are not documented.

    Raises Refused (2204, 2205).

    https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
    """
    authentication.by_signature(request.args, "partner_id")
    return jsonify({"links": [_shown(link) for link in current().store.links.values() if "version" not in link]})


def _shown(link: Json) -> Json:
    jobs = current().store.jobs_of_link(link["ref_id"])
    settled = [job for job in jobs if job.complete and job.result.get("IsFinalResult") == "true"]
    counters = {
        "total_jobs": len(jobs),
        "successful_jobs": sum(job.success for job in settled),
        "failed_jobs": sum(not job.success for job in settled),
    }
    return {**link, **counters, "link": _address(link)}


def _changes(body: Json) -> Json:
    changes: Json = {
        name: fields.optional_text(body, name) for name in (*_REQUIRED_TEXTS, *_OPTIONAL_TEXTS) if body.get(name)
    }
    fields.callback_url(body)
    if "is_single_use" in body:
        changes["is_single_use"] = fields.flag(body, "is_single_use")
    if "expires_at" in changes:
        moment = read_timestamp(changes["expires_at"], iso_only=True)
        if moment is None or moment <= datetime.now(UTC):
            raise Refused(WRONG_TYPE, "Error - expires_at must be a future time, as ISO 8601 in UTC")
    if "id_types" in body:
        changes["id_types"] = _id_types(body["id_types"])
    if params := fields.mapping(body, "partner_params"):
        if not all(isinstance(value, str) for value in params.values()):
            raise Refused(WRONG_TYPE, "Error - partner_params of a link hold text only")
        changes["partner_params"] = params
    return changes


def _id_types(given: object) -> list[Json]:
    if not isinstance(given, list) or not given or not all(isinstance(row, dict) for row in given):
        raise Refused(WRONG_TYPE, "Error - id_types must be a list of objects")
    rows = [{name: fields.text(row, name) for name in ("country", "id_type", "verification_method")} for row in given]
    if any(row["verification_method"] not in LINK_METHODS for row in rows):
        raise Refused(WRONG_TYPE, f"Error - verification_method must be one of {', '.join(LINK_METHODS)}")
    if len({(row["country"], row["id_type"]) for row in rows}) < len(rows):
        raise Refused(WRONG_TYPE, "Error - an id_type takes one verification_method only")
    return rows


def _found(ref_id: str) -> Json:
    link = current().store.links.get(ref_id)
    if link is None or "version" in link:  # a link of v3
        # The code of this answer is not documented, so it has none.
        abort(404)
    return link


def _address(link: Json) -> str:
    base = request.host_url.rstrip("/")
    return f"{base}/links/{current().settings.partner_id}/{link['ref_id']}"
