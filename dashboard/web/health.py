"""What a supervisor asks: is the process alive, can it serve, and its counters."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.db import reading
from dashboard.web.access import open_to_everybody

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_everybody
def alive() -> ResponseReturnValue:
    return {"status": "alive"}


@blueprint.get("/readyz")
@open_to_everybody
def ready() -> ResponseReturnValue:
    try:
        with reading() as session:
            session.connection().execute(text("SELECT 1"))
    except SQLAlchemyError:
        return {"status": "the database does not answer"}, 503
    return {"status": "ready"}


@blueprint.get("/metrics")
@open_to_everybody
def metrics() -> ResponseReturnValue:
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
