"""Group commit: one commit for all who wait, nobody is told too early, and an error reaches everybody it concerns."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.callbacks.receiving.group_commit import GroupCommit
from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.unit.web.loops import run_loop

pytestmark = pytest.mark.both_engines

SIZE = 8
SECONDS = 60


@pytest.fixture
def notes(tmp_path: Path, keyring: KeyRing) -> Iterator[Database]:
    """A table of numbers."""
    database = Database(f"sqlite:///{tmp_path / 'notes.db'}", keyring)
    with database.transaction() as session:
        session.connection().execute(text("CREATE TABLE note (number INTEGER PRIMARY KEY)"))
    yield database
    database.dispose()


def insert(session: Session, numbers: Sequence[int]) -> list[int]:
    for number in numbers:
        session.connection().execute(text("INSERT INTO note VALUES (:number)"), {"number": number})
    return list(numbers)


def stored(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.connection().execute(text("SELECT number FROM note ORDER BY number")).scalars())


def store_in(database: Database) -> Callable[[Sequence[int]], list[int]]:
    def store(numbers: Sequence[int]) -> list[int]:
        with database.transaction() as session:
            return insert(session, numbers)

    return store


class Crowd:
    """Number 0 is held at its work until `size` others wait."""

    def __init__(self, work: Callable[[Sequence[int]], Sequence[int]], patience: float = 0, gap: float = 10) -> None:
        self.is_inside, self.may_go_on = Event(), Event()
        self.groups: list[int] = []
        self.reports: list[list[int]] = []

        def work_slowly(numbers: Sequence[int]) -> Sequence[int]:
            self.groups.append(len(numbers))
            if 0 in numbers:
                self.is_inside.set()
                assert self.may_go_on.wait(SECONDS)
            return work(numbers)

        self.group = GroupCommit[int, int](
            work_slowly, lambda results: self.reports.append(list(results)), patience, gap
        )

    async def run(self, size: int) -> list[int | BaseException]:
        first = asyncio.create_task(self.group.run(0))
        await asyncio.to_thread(self.is_inside.wait, SECONDS)
        others = [asyncio.create_task(self.group.run(number)) for number in range(1, size + 1)]
        await asyncio.sleep(0)
        self.may_go_on.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    async def reported(self, count: int) -> list[int]:
        """All that was reported, once it is this many."""
        async with asyncio.timeout(SECONDS):
            while len(numbers := [number for report in self.reports for number in report]) < count:
                await asyncio.sleep(0.001)
        return numbers


def run(test: Callable[[], Awaitable[None]]) -> None:
    run_loop(asyncio.wait_for(test(), SECONDS))  # type: ignore[arg-type]


def test_everybody_gets_their_own_answer_after_it_is_stored(notes: Database) -> None:
    group = GroupCommit[int, int](store_in(notes), lambda _: None)

    async def store(number: int) -> bool:
        return await group.run(number) == number and number in await asyncio.to_thread(stored, notes)

    async def test() -> None:
        assert all(await asyncio.gather(*map(store, range(200))))

    run(test)
    assert stored(notes) == list(range(200))


def test_all_who_wait_during_a_commit_share_the_next_one(notes: Database) -> None:
    crowd, before = Crowd(store_in(notes)), notes.commits

    async def test() -> None:
        assert await crowd.run(SIZE) == list(range(SIZE + 1))

    run(test)
    assert notes.commits - before == 2
    assert crowd.groups == [1, SIZE]


def test_as_many_as_came_together_last_time_are_waited_for() -> None:
    crowd = Crowd(list, patience=SECONDS, gap=SECONDS)

    async def come_later(number: int) -> int:
        await asyncio.sleep(0.01 * number)
        return await crowd.group.run(number)

    async def test() -> None:
        await crowd.run(SIZE)
        numbers = range(1, SIZE + 1)
        assert await asyncio.gather(*map(come_later, numbers)) == list(numbers)

    run(test)
    assert crowd.groups == [1, SIZE, SIZE]


def test_one_that_comes_alone_after_many_is_not_kept_waiting() -> None:
    crowd = Crowd(list, patience=0.05)

    async def test() -> None:
        await crowd.run(SIZE)
        assert [await crowd.group.run(1), await crowd.group.run(2)] == [1, 2]

    run(test)
    assert crowd.groups == [1, SIZE, 1, 1]


def test_nobody_is_waited_for_who_does_not_follow_closely() -> None:
    crowd = Crowd(list, patience=SECONDS, gap=0.05)

    async def test() -> None:
        await crowd.run(SIZE)
        began = monotonic()
        assert await crowd.group.run(1) == 1
        assert monotonic() - began < SECONDS / 2

    run(test)
    assert crowd.groups == [1, SIZE, 1]


def test_all_are_reported_once_and_together_while_a_report_runs() -> None:
    crowd, may_go_on = Crowd(list), Event()

    def report(results: Sequence[int]) -> None:
        crowd.reports.append(list(results))
        assert may_go_on.wait(SECONDS)

    crowd.group = GroupCommit[int, int](list, report, patience=0)

    async def test() -> None:
        for number in range(4):
            await crowd.group.run(number)
        may_go_on.set()
        assert await crowd.reported(4) == [0, 1, 2, 3]

    run(test)
    assert crowd.reports == [[0], [1, 2, 3]]


def test_report_that_fails_stops_no_later_one() -> None:
    reports: list[list[int]] = []

    def report(results: Sequence[int]) -> None:
        reports.append(list(results))
        raise ZeroDivisionError

    group = GroupCommit[int, int](list, report)

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for number in range(2):
            assert await group.run(number) == number
            while len(reports) <= number:
                await asyncio.sleep(0.001)

    run(test)
    assert reports == [[0], [1]]


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception()), ZeroDivisionError()])
def test_error_reaches_everybody_of_its_group_and_nothing_of_it_is_stored(notes: Database, error: Exception) -> None:
    def fail_on_two(numbers: Sequence[int]) -> list[int]:
        with notes.transaction() as session:
            results = insert(session, numbers)
            if 2 in numbers:
                raise error
            return results

    crowd = Crowd(fail_on_two)

    async def test() -> None:
        assert await crowd.run(3) == [0, error, error, error]
        assert await crowd.group.run(4) == 4
        assert await crowd.reported(2) == [0, 4]

    run(test)
    assert stored(notes) == [0, 4]


def test_sender_that_left_disturbs_nobody() -> None:
    crowd = Crowd(list)

    async def test() -> None:
        first = asyncio.create_task(crowd.group.run(0))
        await asyncio.to_thread(crowd.is_inside.wait, SECONDS)
        first.cancel()
        other = asyncio.create_task(crowd.group.run(1))
        await asyncio.sleep(0)
        crowd.may_go_on.set()
        assert await other == 1
        assert await crowd.reported(2) == [0, 1]

    run(test)


def test_work_that_misses_a_result_fails_its_group_and_stops_no_later_one() -> None:
    group = GroupCommit[int, int](lambda numbers: [number for number in numbers if number], lambda _: None)

    async def test() -> None:
        with pytest.raises(ValueError, match="shorter"):
            await group.run(0)
        assert await group.run(1) == 1

    run(test)
