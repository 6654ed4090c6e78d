"""Group commit: one commit for all callbacks of a process that arrive while the previous commit is running.

Requests wait on the event loop, and one thread does the work of all that wait. So the disk is synchronised once for a
group, no request waits longer than two commits with their patience, and none is answered before its data is durable.
A group waits while others follow closely, since it costs about the same whether it is small or large.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

W = TypeVar("W")
R = TypeVar("R")

PATIENCE = 0.016  # seconds
#: A request that arrives more than this many seconds after the previous one belongs to the next group.
GAP = 0.002


class GroupCommit(Generic[W, R]):
    """Runs `work` for a group of requests at once. It returns one result for each.

    `afterwards` gets the results once every request has its own; those that come while it runs, it gets together. Both
    run in threads of their own. All requests belong to one event loop.
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
        self._working = ThreadPoolExecutor(1, "callbacks")
        self._reporting = ThreadPoolExecutor(1, "callbacks-afterwards")
        self._waiting: list[tuple[W, asyncio.Future[R]]] = []
        self._groups: asyncio.Task[None] | None = None
        self._usual_size = 1
        self._is_complete: asyncio.Future[None] | None = None
        self._unreported: list[R] = []
        self._reports: asyncio.Task[None] | None = None

    async def run(self, what: W) -> R:
        """Returns the result once `work` has returned, or raises the error that it raised."""
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, result))
        if self._groups is None:
            self._groups = asyncio.create_task(self._run_groups())
        elif self._is_complete and len(self._waiting) >= self._usual_size and not self._is_complete.done():
            self._is_complete.set_result(None)
        return await result

    async def _run_groups(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._usual_size:
                await self._wait_for_others()
            group, self._waiting = self._waiting, []
            self._usual_size = len(group)
            await self._run_group(group)
        self._groups = None

    async def _run_group(self, group: Sequence[tuple[W, asyncio.Future[R]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._working, self._work, [what for what, _ in group])
            answered = list(zip(group, results, strict=True))
        except Exception as error:
            # Each request of the group raises it to its own caller: none may count as stored.
            for _, waiting in group:
                if not waiting.cancelled():
                    waiting.set_exception(error)
            return
        for (_, waiting), result in answered:
            if not waiting.cancelled():
                waiting.set_result(result)
        self._unreported += results
        self._reports = self._reports or loop.create_task(self._run_reports())

    async def _wait_for_others(self) -> None:
        """Waits until the group is as large as last time, the patience is over, or nobody follows closely."""
        loop = asyncio.get_running_loop()
        give_up_at, seen = loop.time() + self._patience, 0
        self._is_complete = loop.create_future()
        while seen != len(self._waiting) and loop.time() < give_up_at:
            seen = len(self._waiting)
            done, _ = await asyncio.wait([self._is_complete], timeout=min(self._gap, self._patience))
            if done:
                break
        self._is_complete = None

    async def _run_reports(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._unreported:
                to_report, self._unreported = self._unreported, []
                await loop.run_in_executor(self._reporting, self._afterwards, to_report)
        finally:
            self._reports = None
