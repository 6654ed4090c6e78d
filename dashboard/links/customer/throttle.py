"""Slows down guessing of codes by address, far above what the phones behind one shared address need."""

from limits import RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from dashboard.context import current
from dashboard.web.security.networks import network_of

VISITS = RateLimitItemPerMinute(1200, namespace="link_visits")


def count_visit(address: str) -> None:
    if not current().throttle.hit(VISITS, network_of(address)):
        raise TooManyRequests(retry_after=VISITS.get_expiry())
