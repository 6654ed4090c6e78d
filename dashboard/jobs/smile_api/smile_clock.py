"""How far this machine's clock is from Smile's, by the Date header of Smile's answers.

Smile refuses a signature with a wrong time with the same code as a wrong key, so the clock is checked before the key is
blamed. Jobs that wait for the clock continue by themselves once it is set.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from time import monotonic

from dashboard.db import utc_now
from dashboard.smile import SmileError
from dashboard.web.pages.filters import ENGLISH, duration_in_words
from dashboard.web.pages.locales import Formats

#: Smile accepts five minutes. A Date has whole seconds, and an answer takes a while.
OFF_FROM = timedelta(minutes=4, seconds=50)
#: The codes for a signature that Smile does not accept.
CODES_OF_A_SIGNATURE = frozenset({"2205", "2405"})


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """When the answer was made, by its sender's clock."""
    with suppress(ValueError):
        date = parsedate_to_datetime(headers.get("Date", ""))
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    return None


def is_off(offset_seconds: float | None) -> bool:
    return offset_seconds is not None and abs(offset_seconds) >= OFF_FROM.total_seconds()


def clock_in_words(offset_seconds: float, formats: Formats = ENGLISH) -> str:
    """How wrong our clock is. `offset_seconds`: Smile's clock minus ours."""
    off_by = timedelta(seconds=abs(offset_seconds))
    if off_by >= timedelta(minutes=1):
        off_by = timedelta(minutes=round(off_by / timedelta(minutes=1)))
    return f"this machine's clock is {duration_in_words(off_by, formats)} {'behind' if offset_seconds > 0 else 'ahead'}"


class SmileClock:
    """Smile's clock as this process knows it."""

    def __init__(self, try_every_seconds: float) -> None:
        self._try_every = try_every_seconds
        self._lock = Lock()
        self._answers = 0
        self._smile_at: datetime | None = None  # Smile's time at `_noted_at`, which is of the monotonic clock
        self._noted_at = 0.0
        self._is_refused = False
        self._tried_at = 0.0

    def note(self, headers: Mapping[str, str]) -> None:
        """Notes the date of an answer; called with every answer from Smile."""
        with self._lock:
            self._answers += 1
        date = date_of(headers)
        if date is None:
            return
        with self._lock:
            self._smile_at, self._noted_at = date, monotonic()
        if not is_off(self.offset_seconds):
            self._is_refused = False

    @property
    def answers(self) -> int:
        """How many answers came so far; if none came after a request, Smile is unreachable."""
        return self._answers

    @property
    def offset_seconds(self) -> float | None:
        """Smile's clock minus ours, now: it changes as soon as ours is set, before Smile is asked again."""
        with self._lock:
            smile_at, noted_at = self._smile_at, self._noted_at
        if smile_at is None:
            return None
        return (smile_at + timedelta(seconds=monotonic() - noted_at) - utc_now()).total_seconds()

    def time_at_smile(self, moment: datetime) -> datetime:
        """What Smile's clock says when ours says `moment`, as far as it is known: rather too early than too late."""
        return moment + timedelta(seconds=self.offset_seconds or 0.0)

    @property
    def is_in_the_way(self) -> bool:
        """Whether Smile has refused a signature because of our clock."""
        return self._is_refused and is_off(self.offset_seconds)

    @property
    def next_try_at(self) -> datetime:
        """When to try again, by the clock that is behind, so that it comes in time whichever of the two is set."""
        behind = timedelta(seconds=min(0.0, self.offset_seconds or 0.0))
        return utc_now() + behind + timedelta(seconds=self._try_every)

    def note_refusal(self, error: SmileError) -> bool:
        """Notes a refusal if the clock explains it, and returns whether it does."""
        code = getattr(error, "code", None)
        if code not in CODES_OF_A_SIGNATURE or not is_off(self.offset_seconds):
            return False
        self._is_refused, self._tried_at = True, monotonic()
        return True

    def take_try(self) -> bool:
        """Whether Smile may be asked now; while the clock is in the way, only once in a while."""
        if not self.is_in_the_way:
            return True
        with self._lock:
            if monotonic() - self._tried_at < self._try_every:
                return False
            self._tried_at = monotonic()
            return True

    def problem(self) -> str:
        return f"Smile refuses our signatures: {clock_in_words(self.offset_seconds or 0)}."
