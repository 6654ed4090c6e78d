"""Slows down senders without a valid signature, by address. Whoever signs correctly is never counted here."""

from flask import current_app
from flask.sansio.app import App
from limits import RateLimitItemPerMinute

from dashboard.web.networks import network_of
from dashboard.web.throttle import Throttle

REFUSALS = RateLimitItemPerMinute(60)


def set_up_throttle(app: App) -> None:
    app.extensions["callback_throttle"] = Throttle(REFUSALS)


def count_refusal(address: str) -> bool:
    """Whether one more from this address may be looked at and kept."""
    throttle = current_app.extensions["callback_throttle"]
    assert isinstance(throttle, Throttle)
    return throttle.hit(network_of(address))
