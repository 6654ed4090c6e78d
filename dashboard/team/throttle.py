"""Slows down guessing of passwords: per account and address together, so that nobody can lock an owner out."""

from flask import Flask, current_app
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

WRONG_TRIES = RateLimitItemPerMinute(10)


def set_up_throttle(app: Flask) -> None:
    app.extensions["sign_in_throttle"] = MovingWindowRateLimiter(MemoryStorage())


def count_try(email: str, address: str) -> None:
    """Counted before the password is looked at, so that many tries at once are not let through together."""
    if not _limiter().hit(WRONG_TRIES, email, address):
        raise TooManyRequests("There were too many wrong passwords, so this one was not looked at.")


def forgive_tries(email: str, address: str) -> None:
    _limiter().clear(WRONG_TRIES, email, address)


def _limiter() -> MovingWindowRateLimiter:
    limiter = current_app.extensions["sign_in_throttle"]
    assert isinstance(limiter, MovingWindowRateLimiter)
    return limiter
