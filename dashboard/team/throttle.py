"""Slows down guessing of passwords: per account and address together, so that nobody can lock an owner out."""

from flask import Flask, current_app
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from dashboard.web.throttle import Throttle

WRONG_TRIES = RateLimitItemPerMinute(10)


def set_up_throttle(app: Flask) -> None:
    app.extensions["sign_in_throttle"] = Throttle(WRONG_TRIES)


def count_try(email: str, address: str) -> None:
    """Counted before the password is looked at, so that many tries at once are not let through together."""
    if not _throttle().hit(email, address):
        raise TooManyRequests("There were too many wrong passwords, so this one was not looked at.")


def forgive_tries(email: str, address: str) -> None:
    _throttle().clear(email, address)


def _throttle() -> Throttle:
    throttle = current_app.extensions["sign_in_throttle"]
    assert isinstance(throttle, Throttle)
    return throttle
