"""Whether several callbacks may share one signature: those signed in the same millisecond do, and replays do.

A signature covers no job, so two genuine callbacks of one moment carry equal bytes. Nothing here makes a claim true.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from dashboard.jobs.erasing import ERASED
from dashboard.web.filters import duration_in_words

#: Callbacks of one millisecond reach us together. What comes later was copied from one of them.
TOGETHER = timedelta(seconds=5)
#: Smile would have to send 8,000 callbacks a second to fill a millisecond; 200 a second rarely make three. A signature
#: is a bearer secret, so a copy of it could otherwise name every job that we have within those seconds.
MOST_TOGETHER = 8


class SignatureUse(NamedTuple):
    """A stored callback that carries the signature and raised no alarm. `number`: how many had carried it before."""

    callback_id: UUID
    received_at: datetime
    was_fresh: bool
    names: frozenset[str]
    number: int


class Sharing(NamedTuple):
    """What the earlier uses of its signature mean for a callback. `alarm` says what is wrong, if anything is."""

    alarm: str = ""
    number: int = 0  # how many carried it before

    @property
    def is_alarm(self) -> bool:
        return bool(self.alarm)


FIRST_USE = Sharing()
USED_BEFORE = Sharing("it came before with another body")


def names_of_job(job_id: UUID | None, claimed_job_id: str) -> frozenset[str]:
    """All that tells a callback's job from others: our id of it, and what the body calls it. Empty: nobody can tell."""
    names = {str(job_id or ""), claimed_job_id} - {"", ERASED}
    return frozenset(names)


def compare_uses(names: frozenset[str], received_at: datetime, is_fresh: bool, uses: Sequence[SignatureUse]) -> Sharing:
    """`uses`: of other bodies, each as `names_of_job` has it. An equal body is a repetition and never gets here."""
    if not uses:
        return FIRST_USE
    number = max(use.number for use in uses) + 1
    if any(names & use.names for use in uses):
        return Sharing("it came before for the same job with another body", number)
    if not names or not all(use.names for use in uses):
        return Sharing("it came before with another body, and one of the two names no job", number)
    if not is_fresh or not all(use.was_fresh for use in uses):
        return Sharing("it came before for another job, and the two are not both fresh", number)
    apart = _furthest(received_at, uses)
    if apart > TOGETHER:
        words = f"it came for another job {duration_in_words(apart)} apart from this one, so it was not signed for both"
        return Sharing(words, number)
    if len(uses) >= MOST_TOGETHER:
        words = f"{len(uses)} callbacks for other jobs carried it within seconds, more than one millisecond has"
        return Sharing(words, number)
    return Sharing("", number)


def _furthest(received_at: datetime, uses: Iterable[SignatureUse]) -> timedelta:
    return max(abs(received_at - use.received_at) for use in uses)
