"""One commit for all callbacks of a process that arrive while the disk is busy with the commit before.

One of the waiting requests leads: it does what all of them want, tells each, and hands the lead to one that has come
meanwhile. So the disk is synchronised once for a group, nobody waits longer than two commits and a leader's patience
before each, and nobody is answered before what they sent is durable. A leader is patient while others follow closely,
since a group costs about the same whether it is small or large.
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
#: Who comes later than this many seconds after the one before belongs to the next group.
GAP = 0.002
MOST_UNTOLD = 100


def _closed_gate() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(eq=False)
class _PendingCommit(Generic[W, R]):
    what: W
    # Opened when it is done, is to lead, or leads and has enough beside it.
    gate: Lock = field(default_factory=_closed_gate)
    is_done: bool = False
    result: R | None = None
    error: Exception | None = None
    # All at once would fight for the interpreter, so each lets one other go.
    tells: "_PendingCommit[W, R] | None" = None

    def tell_next(self) -> None:
        if self.tells:
            self.tells.gate.release()


class GroupCommit(Generic[W, R]):
    """`work` does what several want and gives a result for each; `afterwards` hears of the results once all are told.

    While one group follows the other, `afterwards` hears of several together.
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
        self._guard = Lock()  # of all below
        self._waiting: list[_PendingCommit[W, R]] = []
        self._somebody_leads = False
        self._usual_size = 1
        self._early_leader: _PendingCommit[W, R] | None = None
        self._untold: list[R] = []

    def run(self, what: W) -> R:
        """The result, once `work` has returned; or the error that it raised."""
        wish = _PendingCommit[W, R](what)
        with self._guard:
            self._waiting.append(wish)
            leads, self._somebody_leads = not self._somebody_leads, True
            if self._early_leader and len(self._waiting) >= self._usual_size:
                self._early_leader.gate.release()
                self._early_leader = None
        if not leads:
            wish.gate.acquire()
        if wish.is_done:
            wish.tell_next()
        else:
            self._lead(wish)
        if wish.error:
            raise wish.error
        return cast(R, wish.result)

    def _lead(self, leader: _PendingCommit[W, R]) -> None:
        group = self._gather(leader)
        results: Sequence[R] = ()
        try:
            results = self._work([wish.what for wish in group])
            for wish, result in zip(group, results, strict=True):
                wish.result = result
        except Exception as error:
            # Each of the group raises it to its own caller: nothing of the group is stored.
            for wish in group:
                wish.error = error
        for wish, after_it in zip_longest(group, group[1:]):
            wish.is_done, wish.tells = True, after_it
        leader.tell_next()
        if to_tell := self._hand_over(results):
            self._afterwards(to_tell)

    def _gather(self, leader: _PendingCommit[W, R]) -> list[_PendingCommit[W, R]]:
        """All who wait, the leader first. Who came together last time soon comes together again."""
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
        """Until they are as many as last time; no longer than the patience lasts and one follows the other closely."""
        give_up_at, seen = monotonic() + self._patience, 0
        while not leader.gate.acquire(timeout=min(self._gap, self._patience)):
            came = len(self._waiting)
            if came == seen or monotonic() > give_up_at:
                return
            seen = came

    def _hand_over(self, results: Sequence[R]) -> list[R]:
        """Gives what `afterwards` is to hear now; nothing while the next leader may hear more."""
        with self._guard:
            self._untold += results
            self._somebody_leads = bool(self._waiting)
            if self._somebody_leads:
                self._waiting[0].gate.release()
                if len(self._untold) < MOST_UNTOLD:
                    return []
            to_tell, self._untold = self._untold, []
            return to_tell
