"""Group commit: one commit for all who wait, nobody is told too early, and an error reaches everybody it concerns."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.callbacks.receiving.group_commit import GroupCommit
from dashboard.crypto import KeyRing
from dashboard.db import Database

pytestmark = pytest.mark.both_engines

THREADS = 8


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
    """Number 0 leads and is held at its work until `size` others wait."""

    def __init__(self, work: Callable[[Sequence[int]], Sequence[int]], patience: float = 0, gap: float = 10) -> None:
        self.is_inside, self.may_go_on = Event(), Event()
        self.groups: list[int] = []
        self.told: list[list[int]] = []

        def work_slowly(numbers: Sequence[int]) -> Sequence[int]:
            self.groups.append(len(numbers))
            if 0 in numbers:
                self.is_inside.set()
                assert self.may_go_on.wait(10)
            return work(numbers)

        self.group = GroupCommit[int, int](work_slowly, lambda results: self.told.append(list(results)), patience, gap)

    def run(self, size: int) -> list[Future[int]]:
        with ThreadPoolExecutor(size + 1) as pool:
            futures = [pool.submit(self.group.run, 0)]
            assert self.is_inside.wait(10)
            futures += [pool.submit(self.group.run, number) for number in range(1, size + 1)]
            deadline = monotonic() + 10
            while len(self.group._waiting) < size and monotonic() < deadline:
                sleep(0.001)
            self.may_go_on.set()
        return futures


def test_everybody_gets_their_own_answer_after_it_is_stored(notes: Database) -> None:
    group = GroupCommit[int, int](store_in(notes), lambda _: None)

    def store(number: int) -> bool:
        return group.run(number) == number and number in stored(notes)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(store, range(200)))

    assert stored(notes) == list(range(200))


def test_all_who_wait_during_a_commit_share_the_next_one(notes: Database) -> None:
    crowd, before = Crowd(store_in(notes)), notes.commits

    futures = crowd.run(THREADS)

    assert [future.result() for future in futures] == list(range(THREADS + 1))
    assert notes.commits - before == 2
    assert crowd.groups == [1, THREADS]


def test_as_many_as_came_together_last_time_are_waited_for() -> None:
    crowd = Crowd(list, patience=10)
    crowd.run(THREADS)

    with ThreadPoolExecutor(THREADS) as pool:
        began = monotonic()
        assert list(pool.map(crowd.group.run, range(1, THREADS + 1))) == list(range(1, THREADS + 1))

    assert crowd.groups == [1, THREADS, THREADS]
    assert monotonic() - began < 5


def test_whoever_comes_alone_after_many_is_not_kept_waiting() -> None:
    crowd = Crowd(list, patience=0.05)
    crowd.run(THREADS)

    assert [crowd.group.run(1), crowd.group.run(2)] == [1, 2]

    assert crowd.groups == [1, THREADS, 1, 1]


def test_nobody_is_waited_for_who_does_not_follow_closely() -> None:
    crowd = Crowd(list, patience=60, gap=0.05)
    crowd.run(THREADS)

    began = monotonic()
    assert crowd.group.run(1) == 1

    assert crowd.groups == [1, THREADS, 1]
    assert monotonic() - began < 30


def test_what_follows_is_told_of_all_once_and_together_while_more_wait() -> None:
    crowd = Crowd(list)

    crowd.run(THREADS)

    [told] = crowd.told
    assert sorted(told) == list(range(THREADS + 1))


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception()), ZeroDivisionError()])
def test_error_reaches_everybody_of_its_group_and_nothing_of_it_is_stored(notes: Database, error: Exception) -> None:
    def fail_on_two(numbers: Sequence[int]) -> list[int]:
        with notes.transaction() as session:
            results = insert(session, numbers)
            if 2 in numbers:
                raise error
            return results

    crowd = Crowd(fail_on_two)

    first, *doomed = crowd.run(3)

    assert first.result() == 0
    assert [future.exception() for future in doomed] == [error] * 3
    assert stored(notes) == [0]
    assert crowd.told == [[0]]
    assert crowd.group.run(4) == 4
    assert stored(notes) == [0, 4]
