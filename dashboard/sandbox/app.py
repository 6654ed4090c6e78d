"""Builds one simulator as a Flask app."""

from contextlib import suppress

from flask import Flask, Response, request
from jinja2 import FileSystemLoader

from dashboard.sandbox.api.consent import consent
from dashboard.sandbox.api.documents import documents
from dashboard.sandbox.api.hosted import hosted
from dashboard.sandbox.api.id_api import id_api
from dashboard.sandbox.api.image_links import images
from dashboard.sandbox.api.job_status import job_status
from dashboard.sandbox.api.link_pages import link_pages
from dashboard.sandbox.api.links import links
from dashboard.sandbox.api.mobile import mobile
from dashboard.sandbox.api.portal import portal
from dashboard.sandbox.api.screening import screening
from dashboard.sandbox.api.services import services
from dashboard.sandbox.api.smart_selfie import smart_selfie
from dashboard.sandbox.api.uploads import uploads
from dashboard.sandbox.api.web_tokens import web_tokens
from dashboard.sandbox.console.console import console
from dashboard.sandbox.console.control import control
from dashboard.sandbox.fields import json_object
from dashboard.sandbox.gateway import BODY_READ, LOG_ENTRY, Gateway
from dashboard.sandbox.refusals import Refused, answer_refusals
from dashboard.sandbox.request_log import summary
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.v3.at_once import at_once
from dashboard.sandbox.v3.hosted import hosted_v12
from dashboard.sandbox.v3.jobs import jobs_v3
from dashboard.sandbox.v3.links import links_v3
from dashboard.sandbox.v3.products import products
from dashboard.sandbox.v3.screening import screening_v3
from dashboard.sandbox.v3.services import services_v3
from dashboard.sandbox.v3.tokens import tokens

#: Paths that hosted pages call from another origin.
_CALLED_BY_BROWSERS = ("/v1/", "/v2/", "/v3/", "/uploads/", "/images/")


def create_sandbox(settings: SandboxSettings) -> Flask:
    """The simulator as a Flask app that answers requests; nothing happens later until it is started.

    `SandboxServer` (server.py) serves and starts it. In a unit test `of(app).scheduler.run_due(now)` lets time pass.
    """
    app = Flask(
        "dashboard.sandbox",
        static_folder=str(settings.static_dir),
        template_folder=None,
    )
    app.jinja_loader = FileSystemLoader(settings.templates_dir)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_zip_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined] # The default provider has it.
    sandbox = Sandbox(settings)
    sandbox.install(app)
    for blueprint in (
        uploads, images, id_api, job_status, web_tokens, services, mobile, consent, smart_selfie, documents,
        screening, links, portal, control, console, hosted, link_pages,
        hosted_v12, tokens, products, at_once, screening_v3, jobs_v3, links_v3, services_v3,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    answer_refusals(app)
    app.before_request(_read_body)
    app.after_request(_allow_browsers)
    gateway = Gateway(app.wsgi_app, sandbox)
    app.extensions["gateway"] = gateway
    app.wsgi_app = gateway  # type: ignore[method-assign] # Flask's documented way to add middleware.
    return app


def _read_body() -> None:
    # The body is always read to its end, so that the connection can be reused.
    request.get_data()
    request.environ[BODY_READ] = True
    entry = request.environ.get(LOG_ENTRY)
    if entry is not None and request.mimetype == "application/json":
        # Its view refuses a malformed body.
        with suppress(Refused):
            entry["summary"] = summary(json_object(request.get_data()))


def _allow_browsers(response: Response) -> Response:
    if request.path.startswith(_CALLED_BY_BROWSERS):
        response.headers["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            asked = request.headers.get("Access-Control-Request-Headers", "")
            response.headers["Access-Control-Allow-Headers"] = asked
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, OPTIONS"
            response.headers["Access-Control-Max-Age"] = "600"
    return response
