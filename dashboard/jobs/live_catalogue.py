"""The catalogue of this process, fetched from Smile now and then; a page never waits long for it."""

from threading import Lock
from time import monotonic

import structlog

from dashboard.jobs.catalogue import Catalogue
from dashboard.jobs.clients import smile_clients
from dashboard.smile import SmileError

log = structlog.get_logger(__name__)

SECONDS_UNTIL_NEXT_TRY = 30.0


class LiveCatalogue:
    def __init__(self, cached_for_seconds: float) -> None:
        self._cached_for = cached_for_seconds
        self._catalogue = Catalogue()
        self._stale_at = 0.0
        self._fetching = Lock()

    def get(self) -> Catalogue:
        """The newest there is. One thread fetches; the others go on with what they have."""
        if monotonic() >= self._stale_at and self._fetching.acquire(blocking=self._stale_at == 0.0):
            try:
                if monotonic() >= self._stale_at:
                    self._fetch()
            finally:
                self._fetching.release()
        return self._catalogue

    def _fetch(self) -> None:
        services = smile_clients().services
        try:
            self._catalogue = Catalogue(services.services(), services.products_config())
            self._stale_at = monotonic() + self._cached_for
        except SmileError as error:
            log.warning("services_not_fetched", reason=type(error).__name__)
            self._stale_at = monotonic() + SECONDS_UNTIL_NEXT_TRY
