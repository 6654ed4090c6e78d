"""Slows down senders without a valid signature, by address. Whoever signs correctly is never counted here."""

from flask import current_app
from flask.sansio.app import App
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from dashboard.web.networks import network_of

REFUSALS = RateLimitItemPerMinute(60)


def set_up_throttle(app: App) -> None:
    app.extensions["callback_throttle"] = FixedWindowRateLimiter(MemoryStorage())


def count_refusal(address: str) -> bool:
    """Whether one more from this address may be looked at and kept."""
    limiter = current_app.extensions["callback_throttle"]
    assert isinstance(limiter, FixedWindowRateLimiter)
    return limiter.hit(REFUSALS, network_of(address))
