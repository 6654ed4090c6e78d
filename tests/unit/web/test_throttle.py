"""The throttle: it counts each hit of many threads and of several processes, and works on without a database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import time_machine
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage

from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.web.security import throttle as module
from dashboard.web.security.throttle import PARTS, OwnCounts, SharedCounts, Throttle

pytestmark = pytest.mark.both_engines
PROCESSES = 3


@pytest.fixture
def databases(database_url: str, keyring: KeyRing) -> Iterator[list[Database]]:
    """As that many processes have it open, each with connections of its own."""
    opened = [Database(database_url, keyring) for _ in range(PROCESSES)]
    yield opened
    for database in opened:
        database.dispose()


def test_threads_that_meet_in_the_storage_disturb_nobody(monkeypatch: pytest.MonkeyPatch):
    """The storage stores a new timer, then starts the one that is stored; here all threads meet between the two."""

    def store_slowly(storage: Any, timer: Any) -> None:
        storage.__dict__["stored"] = timer
        sleep(0.02)

    monkeypatch.setattr(
        MemoryStorage, "timer", property(lambda storage: storage.__dict__["stored"], store_slowly), raising=False
    )
    counts, limit = OwnCounts(), RateLimitItemPerMinute(100)
    sleep(0.05)  # the first timer has run out

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda number: counts.hit(limit, f"address {number}"), range(40)))

    assert all(allowed)


def test_every_hit_of_many_threads_is_counted_once(database: Database):
    throttle, limit = Throttle(database), RateLimitItemPerMinute(500)

    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(lambda _: throttle.hit(limit, "one address"), range(3000)))

    assert sum(allowed) == 500


def test_limits_are_counted_apart(database: Database):
    throttle = Throttle(database)
    visits, reports = (RateLimitItemPerMinute(1, namespace=name) for name in ("visits", "reports"))

    assert throttle.hit(visits, "address")
    assert throttle.hit(reports, "address")
    assert not throttle.hit(visits, "address")


@pytest.mark.parametrize("amount", [20, 60, 1200])
def test_processes_share_a_limit(databases: list[Database], amount: int):
    """A few more may come through: less than one part of the limit in each process."""
    throttles, limit = [Throttle(database) for database in databases], RateLimitItemPerMinute(amount)

    with ThreadPoolExecutor(PROCESSES) as pool:
        allowed = pool.map(lambda each: sum(each.hit(limit, "address") for _ in range(amount)), throttles)

    assert amount <= sum(allowed) <= amount + PROCESSES * (amount // PARTS - 1)


def test_a_flood_costs_few_transactions(databases: list[Database]):
    throttles, limit = [Throttle(database) for database in databases], RateLimitItemPerMinute(60)

    for throttle in throttles:
        for _ in range(1000):
            throttle.hit(limit, "address")

    assert sum(database.commits for database in databases) <= PARTS + PROCESSES


def test_addresses_that_are_seen_once_cost_none(database: Database):
    throttle, limit, before = Throttle(database), RateLimitItemPerMinute(60), database.commits

    assert all(throttle.hit(limit, f"address {number}") for number in range(1000))

    assert database.commits == before


def test_counting_begins_from_nothing_when_the_time_is_over(databases: list[Database]):
    first, second = (SharedCounts(database) for database in databases[:2])
    limit = RateLimitItemPerMinute(20)
    with time_machine.travel(utc_now(), tick=False):
        assert [first.hit(limit, "address") for _ in range(25)] == [True] * 20 + [False] * 5
        assert not second.hit(limit, "address")

    with time_machine.travel(utc_now() + timedelta(seconds=61), tick=False):
        assert first.hit(limit, "address")
        assert second.hit(limit, "address")


def test_a_process_counts_by_itself_while_the_database_is_away(keyring: KeyRing, tmp_path: Path):
    away = Database(f"sqlite:///{tmp_path / 'without-tables.db'}", keyring)
    throttle, limit = Throttle(away), RateLimitItemPerMinute(60)

    allowed = [throttle.hit(limit, "address") for _ in range(100)]

    away.dispose()
    assert sum(allowed) == 60


def test_only_so_many_addresses_are_remembered(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_KEYS", 50)
    throttle, limit = Throttle(database), RateLimitItemPerMinute(60)

    for number in range(500):
        throttle.hit(limit, f"address {number}")

    assert len(throttle._shared._counts) == 50
    assert len(throttle._own._storage.events) <= 51
