"""One commit for all callbacks that arrive while the disk is busy with the commit before; for SQLite, with one writer.

One of the waiting requests leads: it stores what all of them want in one transaction, tells each, and hands the lead
to one that has come meanwhile. So the disk is synchronised once for a group, no thread waits longer than two commits,
and nobody is answered before what they sent is durable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar, cast

from sqlmodel import Session

from dashboard.db import Database

W = TypeVar("W")
R = TypeVar("R")


def _closed_gate() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(eq=False)
class _Wish(Generic[W, R]):
    what: W
    gate: Lock = field(default_factory=_closed_gate)  # opened once: when it is done, or is to lead
    is_done: bool = False
    result: R | None = None
    error: Exception | None = None


class GroupCommit(Generic[W, R]):
    """`store` writes several wishes in one transaction and tells a result for each; `stored` hears of them after it."""

    def __init__(
        self,
        database: Database,
        store: Callable[[Session, Sequence[W]], Sequence[R]],
        stored: Callable[[Sequence[R]], None],
    ) -> None:
        self._database = database
        self._store = store
        self._stored = stored
        self._guard = Lock()  # of the two below
        self._waiting: list[_Wish[W, R]] = []
        self._somebody_leads = False

    def run(self, what: W) -> R:
        """The result, once it is committed; or the error that kept its group from that."""
        wish = _Wish[W, R](what)
        with self._guard:
            self._waiting.append(wish)
            leads, self._somebody_leads = not self._somebody_leads, True
        if not leads:
            wish.gate.acquire()
        if not wish.is_done:
            self._lead()
        if wish.error:
            raise wish.error
        return cast(R, wish.result)

    def _lead(self) -> None:
        """Stores what waits now, the leader's own wish with it."""
        with self._guard:
            group, self._waiting = self._waiting, []
        results: Sequence[R] = ()
        try:
            with self._database.transaction() as session:
                results = self._store(session, [wish.what for wish in group])
            for wish, result in zip(group, results, strict=True):
                wish.result = result
        except Exception as error:
            # Each of the group raises it to its own caller: nothing of the group is stored.
            for wish in group:
                wish.error = error
        for wish in group:
            wish.is_done = True
            wish.gate.release()
        with self._guard:
            self._somebody_leads = bool(self._waiting)
            if self._waiting:
                self._waiting[0].gate.release()
        if results:
            self._stored(results)
