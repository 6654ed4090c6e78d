"""POST /v3/token, and the token that every other request carries."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import jwt
from dashboard.sandbox.fields import Json
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks
from dashboard.sandbox.v3.parts import Parts, read_parts
from dashboard.sandbox.v3.refusals import UNAUTHORIZED, Refused, answer_refusals, invalid, missing
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.smile.v3.constants import PAYLOAD_FIELDS, TOKEN_PRODUCTS

tokens = Blueprint("v3_tokens", __name__)
answer_refusals(tokens)

#: Product of a token -> products of jobs that it may be used for.
PRODUCTS = {
    "aml": ("one_time_aml", "aml_monitoring"),
    "document_verification": ("document_verification", "residency_document_verification"),
}
_HIDDEN = {
    **dict.fromkeys(("id_number", "given_names", "last_name", "email", "phone_number"), "pii"),
    "callback_url": "callback",
}


@dataclass(frozen=True)
class Caller:
    """Who asks, by a token. claims: of the token. bound: the values that it holds, by field."""

    claims: Json = field(default_factory=dict, repr=False)
    bound: Json = field(default_factory=dict, repr=False)

    @property
    def user_id(self) -> str:
        """The user that the token is for, or ""."""
        return str(self.claims.get("user_id") or "")


@tokens.post("/v3/token")
def create() -> Response:
    """POST /v3/token: a token for one partner, optionally bound to a person and a product.

    Takes the headers `smileid-partner-id` and `smileid-api-key`, and the parts `user_id`, `product`, `partner_params`
    and `payload`. Returns `token`, which lives for `token_lifetime_seconds`.
    Raises Refused (400, 401, 415).

    https://github.com/smileidentity/api-reference
    """
    _check_key()
    parts = read_parts() if request.content_length else Parts()
    user_id, product = parts.text("user_id"), parts.text("product")
    if product and product not in TOKEN_PRODUCTS:
        raise invalid("product")
    params = checks.partner_params(parts)
    payload = _payload(parts)
    return jsonify({"token": new_token(user_id=user_id, product=product, partner_params=params, payload=payload)})


def new_token(*, payload: Json, **claims: object) -> str:
    """A token that lives for `token_lifetime_seconds`. payload: the values that it refers to. claims: further ones."""
    now = int(time.time())
    settings = current().settings
    held: Json = {
        "iat": now,
        "exp": now + int(settings.token_lifetime_seconds),
        "partner_id": settings.partner_id.lstrip("0"),
        "api_url": f"{request.host_url}v3",
        "policy": 15,
    }
    optional = {**claims, "payload": _references(payload)}
    return jwt.mint(held | {name: value for name, value in optional.items() if value}, _key())


def caller(*, product: str = "") -> Caller:
    """The caller of the current request, by the header SmileID-Token.

    product: that of the job which the request is about.
    Raises Refused: 401 without a valid token, the setting's status for a token of another product.

    https://github.com/smileidentity/api-reference
    """
    token = request.headers.get("SmileID-Token", "")
    if not token:
        text = "Missing or invalid authentication credentials."
        raise Refused(401, text, from_gateway="unauthorized")
    claims = jwt.read(token, _key())
    if claims is None or claims.get("exp", 0) <= time.time():
        raise Refused(401, UNAUTHORIZED)
    status, scope = current().settings.v3_other_product_status, str(claims.get("product") or "")
    if product and scope and status and product not in PRODUCTS.get(scope, (scope,)):
        raise Refused(status, "Product not enabled for this partner." if status == 403 else UNAUTHORIZED)
    return Caller(claims, _values(claims.get("payload") or {}))


def _check_key() -> None:
    settings = current().settings
    for name in ("smileid-partner-id", "smileid-api-key"):
        if not request.headers.get(name):
            raise Refused(400, f"{name} header is required.")
    partner_id, api_key = request.headers["smileid-partner-id"], request.headers["smileid-api-key"]
    if partner_id != settings.partner_id.lstrip("0") or api_key not in current().signer.api_keys:
        raise Refused(401, UNAUTHORIZED)


def _payload(parts: Parts) -> Json:
    payload = parts.json("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict) or set(payload) - set(PAYLOAD_FIELDS):
        raise invalid("payload")
    given = {name: value for name, value in payload.items() if value not in (None, "")}
    for name, value in given.items():
        if name != "consent" and not isinstance(value, str):
            raise missing(name)
    if "country" in given:
        given["country"] = checks.country_code(given["country"])
    if "consent" in given:
        given["consent"] = checks.consent(given["consent"], in_token=True)
    checks.contact(given)
    if "callback_url" in given and given["callback_url"] not in current().store.token_values:
        checks.callback_url(given["callback_url"])
    if {"country", "id_type"} <= set(given):
        checks.id_type(given, "")
    return given


def _references(payload: Mapping[str, Any]) -> Json:
    """The payload as it stands in the token: personal values are only referred to."""
    values = current().store.token_values
    references: Json = {}
    for name, value in payload.items():
        hidden = _HIDDEN.get(name)
        if hidden is None or (isinstance(value, str) and value in values):
            references[name] = value
            continue
        references[name] = new_type_id(hidden)
        values[references[name]] = value
    return references


def _values(references: Any) -> Json:
    values = current().store.token_values
    if any(name in _HIDDEN and reference not in values for name, reference in references.items()):
        # A simulator that was started again does not know them any more.
        raise Refused(401, UNAUTHORIZED)
    return {name: values[each] if name in _HIDDEN else each for name, each in references.items()}


def _key() -> bytes:
    return current().signer.secret("v3 token")
