"""Whether several callbacks may share one signature: those signed in the same millisecond do, and replays do.

A signature covers no job, so two genuine callbacks of one moment carry equal bytes. Nothing here makes a claim true.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from dashboard.callbacks.steps import ALARMS, StepKind
from dashboard.jobs.erasing import ERASED

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
    """What the earlier uses of its signature mean for a callback: the kind of its step, with that step's facts."""

    kind: StepKind
    number: int = 0  # how many carried it before
    facts: Mapping[str, Any] = {}

    @property
    def is_alarm(self) -> bool:
        return self.kind in ALARMS


FIRST_USE = Sharing(StepKind.NEVER_BEFORE)
USED_BEFORE = Sharing(StepKind.USED_BEFORE)


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
        return Sharing(StepKind.USED_FOR_SAME_JOB, number)
    if not names or not all(use.names for use in uses):
        return Sharing(StepKind.USED_FOR_NO_JOB, number)
    if not is_fresh or not all(use.was_fresh for use in uses):
        return Sharing(StepKind.USED_NOT_FRESH, number)
    apart = _furthest(received_at, uses)
    if apart > TOGETHER:
        return Sharing(StepKind.USED_FAR_APART, number, {"apart_seconds": round(apart.total_seconds(), 3)})
    if len(uses) >= MOST_TOGETHER:
        return Sharing(StepKind.USED_TOO_OFTEN, number, {"callbacks": len(uses)})
    return Sharing(StepKind.SAME_MILLISECOND, number, {"others": number})


def _furthest(received_at: datetime, uses: Iterable[SignatureUse]) -> timedelta:
    return max(abs(received_at - use.received_at) for use in uses)
