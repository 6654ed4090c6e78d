"""The throttle under many threads: it counts each, and none of them meets an error."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage

from dashboard.web.throttle import Throttle


def test_threads_that_meet_in_the_storage_disturb_nobody(monkeypatch: pytest.MonkeyPatch):
    """The storage stores a new timer, then starts the one that is stored; here all threads meet between the two."""

    def store_slowly(storage: Any, timer: Any) -> None:
        storage.__dict__["stored"] = timer
        sleep(0.02)

    monkeypatch.setattr(
        MemoryStorage, "timer", property(lambda storage: storage.__dict__["stored"], store_slowly), raising=False
    )
    throttle = Throttle(RateLimitItemPerMinute(100))
    sleep(0.05)  # the first timer has run out

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda number: throttle.hit(f"address {number}"), range(40)))

    assert all(allowed)


def test_every_hit_of_many_threads_is_counted_once():
    throttle = Throttle(RateLimitItemPerMinute(500))

    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(lambda _: throttle.hit("one address"), range(3000)))

    assert sum(allowed) == 500


def test_what_was_counted_is_forgiven():
    throttle = Throttle(RateLimitItemPerMinute(1))
    throttle.hit("ben", "address")

    throttle.clear("ben", "address")

    assert throttle.hit("ben", "address")
    assert not throttle.hit("ben", "address")
