"""Slows down senders without a valid signature, by address. Whoever signs correctly is never counted here."""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import current_app
from flask.sansio.app import App
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

REFUSALS = RateLimitItemPerMinute(60)


def set_up_throttle(app: App) -> None:
    app.extensions["callback_throttle"] = FixedWindowRateLimiter(MemoryStorage())


def count_refusal(address: str) -> bool:
    """Whether one more from this address may be looked at and kept."""
    limiter = current_app.extensions["callback_throttle"]
    assert isinstance(limiter, FixedWindowRateLimiter)
    return limiter.hit(REFUSALS, _network(address))


def _network(address: str) -> str:
    """An IPv6 sender usually has a whole /64 to choose from, so that counts as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
