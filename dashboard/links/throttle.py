"""Slows down guessing of codes by address, far above what the phones behind one shared address need."""

from flask import current_app
from flask.sansio.app import App
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from dashboard.web.networks import network_of

VISITS = RateLimitItemPerMinute(1200)


def set_up_throttle(app: App) -> None:
    app.extensions["visit_throttle"] = FixedWindowRateLimiter(MemoryStorage())


def count_visit(address: str) -> None:
    limiter = current_app.extensions["visit_throttle"]
    assert isinstance(limiter, FixedWindowRateLimiter)
    if not limiter.hit(VISITS, network_of(address)):
        raise TooManyRequests(retry_after=VISITS.get_expiry())
