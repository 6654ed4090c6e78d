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

log = structlog.get_logger(__name__)

SECONDS_CACHED = 60.0
MOST_CACHED = 500
# Smile's own limits, in percent of the lookups of the last hour.
ONLINE_FROM = 91.0
OFFLINE_BELOW = 50.0


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
        self._known: dict[tuple[str, str], tuple[float, Availability | None]] = {}
        self._asked: set[tuple[str, str]] = set()  # requests under way
        self._lock = Lock()

    def get(self, country: str, id_type: str) -> tuple[Availability | None, bool]:
        """What is known now, None when Smile does not say; and whether Smile is being asked."""
        authority = country, id_type
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

    def _ask(self, authority: tuple[str, str]) -> None:
        known = None
        try:
            known = read_availability(smile_clients().account.id_status(*authority))
        except (SmileError, SQLAlchemyError) as error:
            log.info("availability_not_known", reason=type(error).__name__)
        finally:
            with self._lock:
                if len(self._known) >= MOST_CACHED:
                    self._known.clear()
                self._known[authority] = (monotonic() + SECONDS_CACHED, known)
                self._asked.discard(authority)


def read_availability(answer: dict[str, Any]) -> Availability | None:
    """Reads the rate, which is a number or a text such as "98%"; None for anything else."""
    try:
        rate = float(str(answer.get("last_hour_success_rate")).strip().rstrip("%"))
    except ValueError:
        return None
    return Availability(rate) if 0 <= rate <= 100 else None
