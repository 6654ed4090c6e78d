"""The parts of one process, made once by `create_app`, and shortcuts to its database transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app
from sqlmodel import Session

from dashboard.config import Settings
from dashboard.db import Database, Read
from dashboard.feature import Features

if TYPE_CHECKING:  # Types of higher layers; this module only passes their objects on.
    from dashboard.audit.wording import Vocabulary
    from dashboard.cached_reading import CachedReading
    from dashboard.callbacks.receiving.networks import Network
    from dashboard.callbacks.refused.buffer import RefusedDeliveries
    from dashboard.jobs.smile_api.availability import AvailabilityCache
    from dashboard.jobs.smile_api.background import Background
    from dashboard.jobs.smile_api.clients import ClientFactory
    from dashboard.jobs.smile_api.live_catalogue import LiveCatalogue
    from dashboard.smile_keys import ApiKeys
    from dashboard.web.security.throttle import Throttle
    from dashboard.web.serving.readiness import Readiness
    from dashboard.worker.queue import Queue

_NAME = "dashboard"


@dataclass(frozen=True)
class Context:
    """The parts of one process.

    Views and tasks read it through `current()`; verbs take the parts that they need as arguments.
    """

    settings: Settings
    features: Features
    database: Database
    queue: "Queue"
    throttle: "Throttle"
    readiness: "Readiness"
    smile_keys: "CachedReading[ApiKeys]"
    smile_clients: "ClientFactory"
    background: "Background"
    catalogue: "LiveCatalogue"
    availability: "AvailabilityCache"
    audit_words: "Vocabulary"
    callback_networks: "CachedReading[tuple[Network, ...]]"
    refused_deliveries: "RefusedDeliveries"

    def install(self, app: Flask) -> None:
        app.extensions[_NAME] = self


def current() -> Context:
    """The parts of the running app. RuntimeError outside a request or a task."""
    return context_of(current_app)


def context_of(app: Flask) -> Context:
    """The parts of an app that `create_app` made."""
    return cast(Context, app.extensions[_NAME])


@contextmanager
def transaction() -> Iterator[Session]:
    """One write transaction of the running app; see `Database.transaction`."""
    with current().database.transaction() as session:
        yield session


@contextmanager
def reading(*, shares: bool = False) -> Iterator[Session]:
    """One read transaction of the running app; see `Database.reading`."""
    with current().database.reading(shares=shares) as session:
        yield session


def reader() -> Read:
    """Returns `reading` for code that reads in several transactions, such as a batched export."""
    return current().database.reading
