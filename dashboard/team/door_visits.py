"""Slows down by address what anybody may do without a sign-in: opening one-time links, asking for a new password."""

from flask import current_app, request
from flask.sansio.app import App
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from dashboard.team.blueprint import blueprint
from dashboard.web.networks import network_of
from dashboard.web.throttle import Throttle

#: Codes cannot be guessed; this only keeps somebody from having us look, or hash, without end.
OPENED_LINKS = RateLimitItemPerMinute(60)
ASKED_FOR_PASSWORDS = RateLimitItemPerHour(20)


def set_up_throttles(app: App) -> None:
    app.extensions["opened_links"] = Throttle(OPENED_LINKS)
    app.extensions["asked_for_passwords"] = Throttle(ASKED_FOR_PASSWORDS)


def count_opened_link() -> None:
    _count("opened_links")


def count_asked_for_password() -> None:
    _count("asked_for_passwords")


def _count(name: str) -> None:
    throttle = current_app.extensions[name]
    assert isinstance(throttle, Throttle)
    if not throttle.hit(network_of(request.remote_addr or "")):
        raise TooManyRequests("There were too many tries from your address.", retry_after=60)


blueprint.record(lambda state: set_up_throttles(state.app))
