"""Slows down guessing of codes by address, far above what the phones behind one shared address need."""

from flask import current_app
from flask.sansio.app import App
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from dashboard.web.networks import network_of
from dashboard.web.throttle import Throttle

VISITS = RateLimitItemPerMinute(1200)


def set_up_throttle(app: App) -> None:
    app.extensions["visit_throttle"] = Throttle(VISITS)


def count_visit(address: str) -> None:
    throttle = current_app.extensions["visit_throttle"]
    assert isinstance(throttle, Throttle)
    if not throttle.hit(network_of(address)):
        raise TooManyRequests(retry_after=VISITS.get_expiry())
