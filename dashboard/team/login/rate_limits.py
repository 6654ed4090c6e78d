"""Rate limits by client address for what needs no sign-in: one-time links and requests for a new password."""

from flask import request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from dashboard.context import current
from dashboard.web.security.networks import network_of

#: Codes cannot be guessed. This only keeps clients from making us look up, or hash, without end.
OPENED_LINKS = RateLimitItemPerMinute(60, namespace="opened_links")
ASKED_FOR_PASSWORDS = RateLimitItemPerHour(20, namespace="forgotten_passwords")


def count_opened_link() -> None:
    _count(OPENED_LINKS)


def count_reset_request() -> None:
    _count(ASKED_FOR_PASSWORDS)


def _count(limit: RateLimitItem) -> None:
    if not current().throttle.hit(limit, network_of(request.remote_addr or "")):
        raise TooManyRequests("There were too many tries from your address.", retry_after=60)
