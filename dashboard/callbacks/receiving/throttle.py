"""Slows down senders without a valid signature, by address. Whoever signs correctly is never counted here."""

from limits import RateLimitItemPerMinute

from dashboard.context import current
from dashboard.web.security.networks import network_of

REFUSALS = RateLimitItemPerMinute(60, namespace="refused_callbacks")


def count_refusal(address: str) -> bool:
    """Whether one more from this address may be looked at and kept."""
    return current().throttle.hit(REFUSALS, network_of(address))
