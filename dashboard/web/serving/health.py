"""Endpoints for supervisors and monitoring: alive, ready, and metrics."""

import hmac

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dashboard.context import current
from dashboard.errors import NotFound
from dashboard.web.access import open_to_everybody
from dashboard.web.pages.errors import RETRY_AFTER_SECONDS

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_everybody
def alive() -> ResponseReturnValue:
    return {"status": "alive"}


@blueprint.get("/readyz")
@open_to_everybody
def ready() -> ResponseReturnValue:
    """Says which part is down, in a sentence that tells strangers nothing else."""
    if problem := current().readiness.problem():
        return {"status": problem}, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {"status": "ready"}


@blueprint.get("/metrics")
@open_to_everybody
def metrics() -> ResponseReturnValue:
    """Needs the token. Without one it answers only in a trial on one machine, where nobody else can ask."""
    settings = current().settings
    if settings.metrics_token is None:
        if not settings.is_on_this_machine:
            raise NotFound
    elif not _holds(settings.metrics_token.get_secret_value()):
        return Response("Send the token.\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _holds(token: str) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())
