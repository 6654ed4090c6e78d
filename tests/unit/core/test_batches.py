"""How large the next batch of background work is, by a clock that the test turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import Mock

import pytest

from dashboard import batches
from dashboard.batches import AIM_SECONDS, FEWEST_ROWS, LONGEST_PAUSE_SECONDS, Batches


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(batches, "monotonic", lambda: turned.now)
    monkeypatch.setattr(batches, "sleep", turned.slept.append)
    return turned


def batches_of(clock: Clock, size: int, wait: float = 0.0) -> Batches:
    """Each waits for the write lock first."""

    def take_lock() -> None:
        clock.now += wait

    @contextmanager
    def write() -> Iterator[Mock]:
        yield Mock(connection=take_lock)

    return Batches(write, size, most=100)


def run(some: Batches, clock: Clock, seconds: float) -> int:
    with some.next():
        clock.now += seconds
    return some.size


def test_a_batch_that_took_too_long_makes_the_next_one_smaller(clock: Clock):
    assert run(batches_of(clock, 40), clock, 4 * AIM_SECONDS) == 10


def test_a_quick_batch_makes_the_next_one_at_most_twice_as_large(clock: Clock):
    some = batches_of(clock, 40)

    assert [run(some, clock, 0.0) for _ in range(3)] == [80, 100, 100]


def test_there_is_always_room_for_a_few_rows(clock: Clock):
    assert run(batches_of(clock, 40), clock, 5.0) == FEWEST_ROWS


def test_waiting_for_the_lock_does_not_count(clock: Clock):
    assert run(batches_of(clock, 40, wait=3.0), clock, 0.0) == 80


def test_others_get_as_much_time_but_no_pause_is_long(clock: Clock):
    some = batches_of(clock, 40)

    for seconds in (0.01, 5.0, 0.0):
        run(some, clock, seconds)

    assert clock.slept == [0.0, pytest.approx(0.01), LONGEST_PAUSE_SECONDS]
