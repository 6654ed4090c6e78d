"""The catalogue of this process, refreshed from Smile in the background; no page waits for it."""

from threading import Lock
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dashboard.jobs.smile_api.background import Background
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.outages import what_is_away
from dashboard.smile import SmileError

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0


class LiveCatalogue:
    def __init__(self, cached_for_seconds: float, background: Background) -> None:
        self._cached_for = cached_for_seconds
        self._background = background
        self._catalogue = Catalogue()
        self._stale_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._fetching = Lock()

    def get(self) -> Catalogue:
        """The newest catalogue, at once; the shipped tables until Smile has answered for the first time."""
        self.refresh()
        return self._catalogue

    def refresh(self) -> None:
        """Starts a fetch if one is due; returns at once."""
        is_due = monotonic() >= self._stale_at
        if is_due and self._fetching.acquire(blocking=False) and not self._background.start(self._fetch):
            self._fetching.release()

    def _fetch(self) -> None:
        self._stale_at = monotonic() + self._pause
        try:
            services = smile_clients().services
            self._catalogue = Catalogue(services.services(), services.products_config())
        except (SmileError, SQLAlchemyError) as error:
            if what_is_away(error) is None:
                log.warning("services_not_fetched", reason=type(error).__name__)
            self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
            self._stale_at = monotonic() + self._pause
        else:
            self._stale_at = monotonic() + self._cached_for
            self._pause = FIRST_PAUSE_SECONDS
        finally:
            self._fetching.release()
