"""Authenticates requests: a signature or sec_key in the body, a signature in headers, or a web token."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from dashboard.sandbox import fields, jwt
from dashboard.sandbox.refusals import WRONG_TYPE, Refused
from dashboard.sandbox.signatures import read_legacy_timestamp, read_timestamp
from dashboard.sandbox.state import current


@dataclass(frozen=True)
class Caller:
    """The result of authentication.

    legacy: answer with a sec_key. token, claims: the web token, if one was presented, and its claims.
    """

    legacy: bool = False
    token: str = field(default="", repr=False)
    claims: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def link_ref(self) -> str:
        """The Smile Link whose page the token was made for, or ""."""
        return str(self.claims.get("link_ref") or "")


def by_signature(body: Mapping[str, Any], partner_field: str) -> Caller:
    """Authenticate by the body: partner id, timestamp, and signature or sec_key.

    partner_field: the name of the field with the partner id.
    Raises Refused: the settings' code for a failed authentication, or 2204 for a field of a wrong type.

    https://docs.usesmileid.com/further-reading/troubleshooting/troubleshooting-error-2204-and-2205-youre-not-authorized-to-do-that
    """
    check_partner(fields.optional_text(body, partner_field))
    if body.get("sec_key") is not None:
        _check_sec_key(fields.optional_text(body, "sec_key"), body.get("timestamp"))
        return Caller(legacy=True)
    _check_signature(fields.optional_text(body, "timestamp"), fields.optional_text(body, "signature"))
    return Caller()


def by_signature_or_token(body: Mapping[str, Any], partner_field: str) -> Caller:
    """Authenticate by the body, where hosted pages present their web token instead of a signature.

    partner_field: the name of the field with the partner id.
    Raises Refused, as `by_signature`.

    https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration
    """
    if body.get("token") is None:
        return by_signature(body, partner_field)
    check_partner(fields.optional_text(body, partner_field))
    return _by_token(fields.optional_text(body, "token"))


def by_headers() -> Caller:
    """Authenticate by the headers of the newer endpoints: SmileID-Partner-ID with SmileID-Token, or with a signature.

    The signature is in SmileID-Request-Signature and its timestamp in SmileID-Timestamp.
    Raises Refused with the settings' code for a failed authentication.

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
    """
    check_partner(request.headers.get("SmileID-Partner-ID", ""))
    if token := request.headers.get("SmileID-Token"):
        return _by_token(token)
    _check_signature(request.headers.get("SmileID-Timestamp", ""), request.headers.get("SmileID-Request-Signature", ""))
    return Caller()


def by_headers_or_signature(body: Mapping[str, Any], partner_field: str) -> Caller:
    """Authenticate by headers if they hold a signature or a token, else by the body.

    Raises Refused, as `by_signature`.
    """
    if "SmileID-Request-Signature" in request.headers or "SmileID-Token" in request.headers:
        return by_headers()
    return by_signature(body, partner_field)


def spend_token(caller: Caller) -> None:
    """Record that a job was submitted with the caller's web token; a setting decides whether that ends it."""
    if caller.token:
        current().store.spend_token(_digest(caller.token))


def check_partner(partner_id: str) -> None:
    """Check the partner id of a request, as text with its leading zeros.

    Raises Refused with the settings' code for a failed authentication.
    """
    if partner_id != current().settings.partner_id:
        raise _unauthorized()


def _check_signature(timestamp: str, signature: str) -> None:
    sandbox = current()
    moment = read_timestamp(timestamp, sandbox.settings.iso_timestamps_only)
    if moment is None or not signature or not sandbox.signer.confirms(timestamp, signature):
        raise _unauthorized()
    _check_age(moment.timestamp())


def _check_sec_key(sec_key: str, timestamp: Any) -> None:
    if isinstance(timestamp, str) and timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20:
        timestamp = int(timestamp)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        raise Refused(WRONG_TYPE, "Error - timestamp is of the wrong data type: a sec_key needs an integer")
    if not current().signer.confirms_sec_key(timestamp, sec_key):
        raise _unauthorized()
    _check_age(read_legacy_timestamp(timestamp))


def _check_age(moment: float) -> None:
    sandbox = current()
    tolerance = sandbox.settings.timestamp_tolerance_seconds
    if tolerance is not None and abs(time.time() + sandbox.clock_ahead_seconds - moment) > tolerance:
        raise _unauthorized()


def _by_token(token: str) -> Caller:
    sandbox = current()
    claims = jwt.read(token, sandbox.signer.secret("web token"))
    if claims is None:
        raise _unauthorized()
    if claims.get("exp", 0) <= time.time():
        raise _unauthorized("The web token has expired")
    if sandbox.settings.web_token_single_use and _digest(token) in sandbox.store.spent_tokens:
        raise _unauthorized("The web token was used already")
    return Caller(token=token, claims=claims)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _unauthorized(text: str = "You are not authorized to do that") -> Refused:
    settings = current().settings
    return Refused(settings.unauthorized_code, text, settings.unauthorized_status)
