"""Group commit: one commit for all who wait, nobody is told too early, and an error reaches everybody it concerns."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dashboard.callbacks.group_commit import GroupCommit
from dashboard.crypto import KeyRing
from dashboard.db import Database

THREADS = 8


@pytest.fixture
def notes(tmp_path: Path, keyring: KeyRing) -> Iterator[Database]:
    """A table of numbers."""
    database = Database(f"sqlite:///{tmp_path / 'notes.db'}", keyring)
    with database.transaction() as session:
        session.connection().execute(text("CREATE TABLE note (number INTEGER PRIMARY KEY)"))
    yield database
    database.engine.dispose()


def insert(session: Session, number: int) -> int:
    session.connection().execute(text("INSERT INTO note VALUES (:number)"), {"number": number})
    return number


def stored(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.connection().execute(text("SELECT number FROM note ORDER BY number")).scalars())


def test_everybody_gets_their_own_answer_after_it_is_stored(notes: Database):
    group: GroupCommit[int] = GroupCommit(notes)

    def store(number: int) -> bool:
        answer = group.run(lambda session: insert(session, number))
        return answer == number and number in stored(notes)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(store, range(200)))

    assert stored(notes) == list(range(200))


def test_all_who_wait_during_a_commit_share_the_next_one(notes: Database):
    group: GroupCommit[int] = GroupCommit(notes)
    is_inside, may_go_on, others_begin = Event(), Event(), Barrier(THREADS)

    def slow(session: Session) -> int:
        is_inside.set()
        assert may_go_on.wait(10)
        return insert(session, 0)

    def quick(number: int) -> int:
        others_begin.wait()
        return group.run(lambda session: insert(session, number))

    before = notes.commits
    with ThreadPoolExecutor(THREADS + 1) as pool:
        first = pool.submit(group.run, slow)
        assert is_inside.wait(10)
        others = [pool.submit(quick, number) for number in range(1, THREADS + 1)]
        while len(group._waiting) <= THREADS:
            pass
        may_go_on.set()
        assert [first.result(10), *(other.result(10) for other in others)] == list(range(THREADS + 1))

    assert notes.commits - before == 2


def test_error_of_the_database_reaches_every_waiting_one_and_stores_nothing(notes: Database):
    group: GroupCommit[int] = GroupCommit(notes)
    is_inside, may_go_on = Event(), Event()

    def slow(_: Session) -> int:
        is_inside.set()
        assert may_go_on.wait(10)
        return 0

    def fail(session: Session) -> int:
        insert(session, 2)
        session.connection().execute(text("SELECT * FROM nothing"))
        return 2

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(group.run, slow)
        assert is_inside.wait(10)
        doomed = [pool.submit(group.run, lambda session: insert(session, 1)), pool.submit(group.run, fail)]
        while len(group._waiting) < 3:
            pass
        may_go_on.set()
        assert first.result(10) == 0
        for one in doomed:
            with pytest.raises(OperationalError):
                one.result(10)

    assert stored(notes) == []
    assert group.run(lambda session: insert(session, 3)) == 3
    assert stored(notes) == [3]


def test_mistake_in_one_keeps_nobody_waiting_for_ever(notes: Database):
    group: GroupCommit[int] = GroupCommit(notes)

    def mistake(_: Session) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        group.run(mistake)

    assert group.run(lambda session: insert(session, 1)) == 1
    assert group._waiting == []
