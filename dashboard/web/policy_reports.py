"""Logs browsers' reports of what a page's Content Security Policy blocked (headers.py), without any address.

Anybody may send a report, so reports are small, rate-limited and not trusted. A browser sends no form token with one;
the content type keeps out forms of other sites, and the Origin is checked as everywhere.
"""

import json
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests
from werkzeug.routing import RoutingException

from dashboard.context import current
from dashboard.web.access import open_to_everybody
from dashboard.web.security.csrf import csrf
from dashboard.web.security.networks import network_of

MOST_BYTES = 8 * 1024
REPORTS = RateLimitItemPerMinute(30, namespace="policy_reports")
MEDIA_TYPE = "application/csp-report"
DIRECTIVE = re.compile("[a-z-]{1,40}")
#: What browsers send instead of an address, and schemes whose addresses are the content itself.
KINDS = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self", "trusted-types-policy"})
HOST = re.compile("[a-z0-9.-]{1,100}")

blueprint = Blueprint("policy_reports", __name__)
log = structlog.get_logger(__name__)


@blueprint.post("/policy-reports")
@open_to_everybody
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF has no types
def receive() -> ResponseReturnValue:
    if not current().throttle.hit(REPORTS, network_of(request.remote_addr or "")):
        raise TooManyRequests(retry_after=REPORTS.get_expiry())
    report = _read()
    page = _parts(report.get("document-uri"))
    log.warning(
        "policy_breached",
        directive=_known(DIRECTIVE, report.get("effective-directive") or report.get("violated-directive")),
        blocked=_blocked(report.get("blocked-uri")),
        endpoint=_endpoint(page) if page.netloc == request.host else "",
    )
    return "", 204


def _read() -> dict[str, Any]:
    if request.mimetype != MEDIA_TYPE:
        abort(400, "This is not a report of a browser.")
    # A body without a length is cut at the limit without an error; one more byte shows that it was longer.
    request.max_content_length = MOST_BYTES + 1
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:
        raise RequestEntityTooLarge
    try:
        report = json.loads(body)["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        report = None
    if not isinstance(report, dict):
        abort(400, "This report cannot be read.")
    return report


def _blocked(address: Any) -> str:
    """The kind of what was blocked, or its host: never the rest of an address."""
    if address in KINDS:
        return str(address)
    parts = _parts(address)
    if parts.scheme in KINDS:
        return parts.scheme
    return "self" if parts.netloc == request.host else _known(HOST, parts.hostname)


def _endpoint(page: SplitResult) -> str:
    """Our name for the page, since its address may hold a code."""
    try:
        endpoint, _ = current_app.url_map.bind(request.host).match(page.path, method="GET")
    except (HTTPException, RoutingException):
        return ""
    return str(endpoint)


def _parts(address: Any) -> SplitResult:
    try:
        return urlsplit(address if isinstance(address, str) else "")
    except ValueError:
        return urlsplit("")


def _known(pattern: re.Pattern[str], value: Any) -> str:
    """The first word if it has the expected shape; anybody may have written it, so anything else is left out."""
    first = value.split(" ")[0] if isinstance(value, str) else ""
    return first if pattern.fullmatch(first) else ""
