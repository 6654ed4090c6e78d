"""Builds the Flask app: `create_app` wires features, templates, database and errors together."""

import gc
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.allocator import give_memory_back
from dashboard.audit.wording import Vocabulary
from dashboard.cached_reading import CachedReading
from dashboard.callbacks.receiving.networks import read_networks
from dashboard.callbacks.receiving.receiver import CallbackReceiver, mount_receiver
from dashboard.callbacks.refused.buffer import RefusedDeliveries
from dashboard.config import Settings, resource_dir
from dashboard.context import Context, context_of
from dashboard.crypto import CANNOT_BE_OPENED, KeyRing
from dashboard.db import Database, TimeLimits
from dashboard.feature import Feature, Features
from dashboard.features import FEATURES
from dashboard.jobs.smile_api.availability import AvailabilityCache
from dashboard.jobs.smile_api.background import Background
from dashboard.jobs.smile_api.clients import ClientFactory
from dashboard.jobs.smile_api.live_catalogue import LiveCatalogue
from dashboard.smile_keys import keep_smile_keys
from dashboard.team.login.remembered_requests import set_up_remember_me
from dashboard.team.login.sign_ins import set_up_sign_in
from dashboard.web import style_views
from dashboard.web.access import enforce_permissions
from dashboard.web.lists.pagination import same_address
from dashboard.web.live_parts import show_live_parts
from dashboard.web.logs import set_up_logging
from dashboard.web.pages import assets, errors
from dashboard.web.pages.answers import htmx
from dashboard.web.pages.filters import register_filters
from dashboard.web.pages.invisible_characters import mark_invisible_characters
from dashboard.web.pages.navigation import show_navigation
from dashboard.web.pages.preferences import preference, show_preferences
from dashboard.web.poll_cache import PollCache
from dashboard.web.security import csrf
from dashboard.web.security.form_keys import set_up_form_keys
from dashboard.web.security.headers import set_headers, transport_headers
from dashboard.web.security.signing import sign_with_sha256
from dashboard.web.security.throttle import Throttle
from dashboard.web.serving.asgi import AsgiAdapter
from dashboard.web.serving.limits import MEGABYTE, MOST_BYTES, limit_requests
from dashboard.web.serving.readiness import Readiness
from dashboard.worker.queue import open_queue


def create_app(
    settings: Settings, *, features: Sequence[Feature] = FEATURES, database: Database | None = None
) -> Flask:
    """The app of one deployment. Pass `database` if it is already open."""
    app = Flask(__name__, static_folder=None, template_folder=str(resource_dir("templates").absolute()))
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=MOST_BYTES,  # more where images are uploaded; callbacks have their own limit
        MAX_FORM_MEMORY_SIZE=MEGABYTE,
        MAX_FORM_PARTS=200,
        SESSION_COOKIE_NAME="__Host-desk" if settings.is_https else "desk",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        # The Origin header is checked instead (web/security/csrf.py): with no-referrer there is no Referer.
        WTF_CSRF_SSL_STRICT=False,
        COMPRESS_MIMETYPES=["text/html", "application/json"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_STREAMS=False,  # Only downloads are streamed, and they declare their length.
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    set_up_logging(settings.log_format)
    _make_context(settings, Features(features), database or _open_database(settings)).install(app)
    _set_up_web(app, settings)
    for blueprint in context_of(app).features.blueprints:
        app.register_blueprint(blueprint)
    if settings.is_demo:
        app.register_blueprint(style_views.blueprint)
    return app


def create_serving_app(settings: Settings) -> Flask:
    """The app of web and worker, with time limits for PostgreSQL. Commands have fewer."""
    give_memory_back()
    limits = TimeLimits(
        settings.database_connect_timeout,
        settings.database_lock_timeout,
        settings.database_statement_timeout,
        serves=True,
    )
    return create_app(settings, database=_open_database(settings, limits))


def _open_database(settings: Settings, limits: TimeLimits | None = None) -> Database:
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    limits = limits or TimeLimits(connect=settings.database_connect_timeout)
    return Database(settings.database_url, KeyRing.from_base64(keys), limits)


def _make_context(settings: Settings, features: Features, database: Database) -> Context:
    background = Background(database)
    return Context(
        settings=settings,
        features=features,
        database=database,
        queue=open_queue(settings.queue_url, settings.database_url),
        throttle=Throttle(database),
        readiness=Readiness(settings, database),
        smile_keys=keep_smile_keys(settings, database),
        smile_clients=ClientFactory(settings),
        background=background,
        catalogue=LiveCatalogue(settings.services_cached_for, background),
        availability=AvailabilityCache(background),
        audit_words=Vocabulary(features.audit_words),
        callback_networks=CachedReading(database, read_networks),
        refused_deliveries=RefusedDeliveries(database, settings.environment),
    )


def create_app_from_environment() -> AsgiAdapter:
    """Makes what a server process serves."""
    app = create_serving_app(Settings())
    with app.app_context():
        context_of(app).catalogue.refresh()  # so that the first form may already know what Smile requires
    gc.freeze()  # Spares the collector objects that live as long as the process.
    database = context_of(app).database
    return AsgiAdapter(app, CallbackReceiver(app), PollCache(app, database))


def _set_up_web(app: Flask, settings: Settings) -> None:
    """Sets up the web layer.

    The order matters: a request gets its id before an error names it, and the member is known before a permission is
    checked.
    """
    sign_with_sha256(app)
    errors.handle_errors(app)
    limit_requests(app, (urlsplit(settings.public_url).hostname or "", *settings.extra_hosts))
    set_headers(app, settings.is_https)
    set_up_sign_in(app)
    set_up_remember_me(app)
    enforce_permissions(app)
    csrf.protect(app)
    htmx.init_app(app)
    Compress(app)
    register_filters(app)
    show_navigation(app)
    show_live_parts(app)
    show_preferences(app)
    mark_invisible_characters(app)
    set_up_form_keys(app)
    app.jinja_env.globals.update(settings=settings, same_address=same_address, CANNOT_BE_OPENED=CANNOT_BE_OPENED)
    app.jinja_env.globals["preference"] = preference
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    assets.serve_assets(app, resource_dir("static").absolute(), transport_headers(settings.is_https))
    mount_receiver(app)
