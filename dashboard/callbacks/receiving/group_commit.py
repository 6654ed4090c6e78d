"""Group commit: one commit for all callbacks of a process that arrive while the previous commit is running.

One of the waiting requests leads. It does the work of all of them, gives each its result, and passes the lead to one
that arrived meanwhile. So the disk is synchronised once for a group, no request waits longer than two commits with a
leader's patience before each, and none is answered before its data is durable. A leader waits while others follow
closely, since a group costs about the same whether it is small or large.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar, cast

W = TypeVar("W")
R = TypeVar("R")

PATIENCE = 0.016  # seconds
#: A request that arrives more than this many seconds after the previous one belongs to the next group.
GAP = 0.002
MOST_UNREPORTED = 100


def _closed_gate() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(eq=False)
class _PendingCommit(Generic[W, R]):
    what: W
    # Opened when the request is done, when it is to lead, or when it leads and its group is large enough.
    gate: Lock = field(default_factory=_closed_gate)
    is_done: bool = False
    result: R | None = None
    error: Exception | None = None
    # Released all at once they would compete for the interpreter, so each releases the next.
    following: "_PendingCommit[W, R] | None" = None

    def release_next(self) -> None:
        if self.following:
            self.following.gate.release()


class GroupCommit(Generic[W, R]):
    """Runs `work` for a group of requests at once. It returns one result for each.

    `afterwards` gets the results once every request has its own; those of groups in quick succession come together.
    """

    def __init__(
        self,
        work: Callable[[Sequence[W]], Sequence[R]],
        afterwards: Callable[[Sequence[R]], None],
        patience: float = PATIENCE,
        gap: float = GAP,
    ) -> None:
        self._work = work
        self._afterwards = afterwards
        self._patience = patience
        self._gap = gap
        self._guard = Lock()  # protects all below
        self._waiting: list[_PendingCommit[W, R]] = []
        self._has_leader = False
        self._usual_size = 1
        self._early_leader: _PendingCommit[W, R] | None = None
        self._unreported: list[R] = []

    def run(self, what: W) -> R:
        """Returns the result once `work` has returned, or raises the error that it raised."""
        pending = _PendingCommit[W, R](what)
        with self._guard:
            self._waiting.append(pending)
            leads, self._has_leader = not self._has_leader, True
            if self._early_leader and len(self._waiting) >= self._usual_size:
                self._early_leader.gate.release()
                self._early_leader = None
        if not leads:
            pending.gate.acquire()
        if pending.is_done:
            pending.release_next()
        else:
            self._lead(pending)
        if pending.error:
            raise pending.error
        return cast(R, pending.result)

    def _lead(self, leader: _PendingCommit[W, R]) -> None:
        group = self._gather(leader)
        results: Sequence[R] = ()
        try:
            results = self._work([pending.what for pending in group])
            for pending, result in zip(group, results, strict=True):
                pending.result = result
        except Exception as error:
            # Each request of the group raises it to its own caller: nothing of the group was stored.
            for pending in group:
                pending.error = error
        for pending, following in zip_longest(group, group[1:]):
            pending.is_done, pending.following = True, following
        leader.release_next()
        if to_report := self._hand_over(results):
            self._afterwards(to_report)

    def _gather(self, leader: _PendingCommit[W, R]) -> list[_PendingCommit[W, R]]:
        """All waiting requests, the leader first. It waits for as many as came together last time."""
        with self._guard:
            is_early = len(self._waiting) < self._usual_size
            self._early_leader = leader if is_early else None
        if is_early:
            self._wait_while_others_come(leader)
        with self._guard:
            self._early_leader = None
            group, self._waiting = self._waiting, []
            self._usual_size = len(group)
        return group

    def _wait_while_others_come(self, leader: _PendingCommit[W, R]) -> None:
        """Waits until the group is as large as last time, the patience is over, or nobody follows closely."""
        give_up_at, seen = monotonic() + self._patience, 0
        while not leader.gate.acquire(timeout=min(self._gap, self._patience)):
            came = len(self._waiting)
            if came == seen or monotonic() > give_up_at:
                return
            seen = came

    def _hand_over(self, results: Sequence[R]) -> list[R]:
        """Passes the lead on. Returns what `afterwards` should get now; nothing while the next leader may add more."""
        with self._guard:
            self._unreported += results
            self._has_leader = bool(self._waiting)
            if self._has_leader:
                self._waiting[0].gate.release()
                if len(self._unreported) < MOST_UNREPORTED:
                    return []
            to_report, self._unreported = self._unreported, []
            return to_report
