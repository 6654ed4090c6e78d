"""Renews a lease from a separate thread while the work that holds it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from dashboard.outages import what_is_away

log = structlog.get_logger(__name__)


@contextmanager
def keep_renewed(app: Flask, seconds: float, renew: Callable[[], None], **facts: str) -> Iterator[None]:
    """Calls `renew` inside the app every third of a lease of `seconds`. `facts` name the lease in the log."""
    stop = Event()
    heartbeat = Thread(target=_beat, args=(app, seconds / 3, renew, stop, facts), name="heartbeat", daemon=True)
    heartbeat.start()
    try:
        yield
    finally:
        stop.set()
        heartbeat.join()


def _beat(app: Flask, every_seconds: float, renew: Callable[[], None], stop: Event, facts: dict[str, str]) -> None:
    while not stop.wait(every_seconds):
        try:
            with app.app_context():
                renew()
        except SQLAlchemyError as error:
            # There are two more beats before the lease runs out.
            if what_is_away(error) is None:
                log.warning("lease_not_renewed", error=type(error).__name__, **facts)
