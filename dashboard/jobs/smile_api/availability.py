"""The availability of ID authorities, so that nobody pays for a lookup in a register that is down."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dashboard.jobs.smile_api.background import Background
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.smile import SmileError
from dashboard.smile.constants import SmileApi

log = structlog.get_logger(__name__)

SECONDS_CACHED = 60.0
MOST_CACHED = 500
# Smile's own limits, in percent of the lookups of the last hour.
ONLINE_FROM = 91.0
OFFLINE_BELOW = 50.0


#: Country, ID type, and which API of Smile is asked.
Authority = tuple[str, str, SmileApi]


@dataclass(frozen=True)
class Availability:
    """An authority's availability: `rate` in percent, and Smile's `word` for it: online, interruption or offline."""

    rate: float

    @property
    def word(self) -> str:
        if self.rate >= ONLINE_FROM:
            return "online"
        return "interruption" if self.rate >= OFFLINE_BELOW else "offline"


class AvailabilityCache:
    """Asks Smile at most once a minute per authority; a missing answer is cached as long as an answer."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._known: dict[Authority, tuple[float, Availability | None]] = {}
        self._asked: set[Authority] = set()  # requests under way
        self._lock = Lock()

    def get(self, country: str, id_type: str, api: SmileApi = SmileApi.V1) -> tuple[Availability | None, bool]:
        """What is known now, None when Smile does not say; and whether Smile is being asked."""
        authority = country, id_type, api
        with self._lock:
            until, known = self._known.get(authority, (0.0, None))
            if monotonic() < until:
                return known, False
            if authority in self._asked:
                return known, True
            self._asked.add(authority)
        if not self._background.start(lambda: self._ask(authority)):
            with self._lock:
                self._asked.discard(authority)
        return known, True

    def _ask(self, authority: Authority) -> None:
        known = None
        try:
            known = read_availability(_ask_smile(*authority))
        except (SmileError, SQLAlchemyError) as error:
            log.info("availability_not_known", reason=type(error).__name__)
        finally:
            with self._lock:
                if len(self._known) >= MOST_CACHED:
                    self._known.clear()
                self._known[authority] = (monotonic() + SECONDS_CACHED, known)
                self._asked.discard(authority)


def _ask_smile(country: str, id_type: str, api: SmileApi) -> Any:
    """The rate of the last hour, as Smile says it."""
    clients = smile_clients()
    if api == SmileApi.V3:
        return clients.v3_pages.services.id_status(country, id_type).last_hour_success_rate
    return clients.account.id_status(country, id_type).get("last_hour_success_rate")


def read_availability(rate_said: Any) -> Availability | None:
    """Reads the rate, which is a number or a text such as "98%"; None for anything else."""
    try:
        rate = float(str(rate_said).strip().rstrip("%"))
    except ValueError:
        return None
    return Availability(rate) if 0 <= rate <= 100 else None
