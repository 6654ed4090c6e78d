"""Smile Links of v3: created and read."""

import uuid
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso, read_timestamp
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks
from dashboard.sandbox.v3.parts import Parts, read_parts
from dashboard.sandbox.v3.refusals import UNAUTHORIZED, Refused, answer_refusals, invalid, missing
from dashboard.sandbox.v3.tokens import caller
from dashboard.smile.constants import LINK_METHODS

links_v3 = Blueprint("v3_links", __name__)
answer_refusals(links_v3)

_OPTIONAL = ("description", "logo_url", "redirect_url", "theme_color", "user_id")
TAKEN = "User ID is taken. Please provide a unique ID."


@links_v3.post("/v3/smile_links")
def create() -> Response:
    """POST /v3/smile_links: create a link.

    Takes the parts `id_types`, `name`, `notice_privacy_policy_url`, `is_single_use` and optionally `callback_url`,
    `description`, `expires_at` (ISO 8601), `logo_url`, `redirect_url`, `theme_color`, `partner_params` and `user_id`.
    Returns 201 with `link`, `message`, `ref_id` and `user_id`.
    Raises Refused (400, 401, 403, 409, 415).

    https://github.com/smileidentity/api-reference
    """
    _check_token()
    parts, sandbox = read_parts(), current()
    link: Json = {"version": "v3", "ref_id": str(uuid.uuid4()), "id_types": _id_types(parts)}
    for name in ("name", "notice_privacy_policy_url"):
        link[name] = parts.text(name)
        if not link[name]:
            raise missing(name)
    single_use = parts.flag("is_single_use")
    if single_use is None:
        raise missing("is_single_use")
    callback_url = checks.callback_url(parts.text("callback_url"), is_needed=False)
    link |= {"is_single_use": single_use, "callback_url": callback_url}
    link |= {name: parts.text(name) or None for name in _OPTIONAL}
    link["partner_params"] = checks.partner_params(parts) or None
    link["expires_at"] = _expires_at(parts.text("expires_at"), single_use)
    with sandbox.store.lock:
        taken = {other.get("user_id") for other in sandbox.store.links.values()}
        if link["user_id"] and link["user_id"] in taken:
            raise Refused(409, TAKEN)
        sandbox.store.save_link(link)
    response = jsonify(
        {
            "link": _address(link),
            "message": "Smile Link created",
            "ref_id": link["ref_id"],
            "user_id": link["user_id"],
        }
    )
    response.status_code = 201
    return response


@links_v3.get("/v3/smile_links/<ref_id>")
def show(ref_id: str) -> Response:
    """GET /v3/smile_links/<ref_id>: one link, without counts. `expires_at` is ISO 8601.

    Raises Refused (400, 401, 403, 404).

    https://github.com/smileidentity/api-reference
    """
    _check_token()
    try:
        found = current().store.links.get(str(uuid.UUID(ref_id)))
    except ValueError:
        raise Refused(400, "refId must be a valid link id") from None
    if found is None or found.get("version") != "v3":
        raise Refused(404, "Link not found")
    return jsonify({name: value for name, value in found.items() if name != "version"} | {"link": _address(found)})


def _check_token() -> None:
    if caller().claims.get("product"):
        # Links want a token that is not limited to a product.
        raise Refused(401, UNAUTHORIZED)
    if current().v3.refusal in ("ip", "ip_address"):
        raise Refused(403, "You are not allowed to do that.")


def _id_types(parts: Parts) -> list[Json]:
    rows = parts.json("id_types")
    names = {"country", "id_type", "verification_method"}
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and set(row) == names for row in rows):
        raise missing("id_types")
    for row in rows:
        if not all(isinstance(row[name], str) and row[name] for name in names):
            raise missing("id_types")
        if row["verification_method"] not in LINK_METHODS:
            raise missing("id_types")
    return rows


def _expires_at(text: str, single_use: bool) -> str | None:
    if not text:
        days = current().settings.v3_link_lifetime_days
        return iso(datetime.now(UTC) + timedelta(days=days)) if single_use else None
    moment = read_timestamp(text, iso_only=True)
    if moment is None or moment <= datetime.now(UTC):
        raise invalid("expires_at")
    return text


def _address(link: Json) -> str:
    return f"{request.host_url}v3/links/{current().settings.partner_id.lstrip('0')}/{link['ref_id']}"
