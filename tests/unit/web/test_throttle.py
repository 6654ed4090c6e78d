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
    throttle, limit = Throttle(), RateLimitItemPerMinute(100)
    sleep(0.05)  # the first timer has run out

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda number: throttle.hit(limit, f"address {number}"), range(40)))

    assert all(allowed)


def test_every_hit_of_many_threads_is_counted_once():
    throttle, limit = Throttle(), RateLimitItemPerMinute(500)

    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(lambda _: throttle.hit(limit, "one address"), range(3000)))

    assert sum(allowed) == 500


def test_limits_are_counted_apart():
    throttle = Throttle()
    visits, reports = (RateLimitItemPerMinute(1, namespace=name) for name in ("visits", "reports"))

    assert throttle.hit(visits, "address")
    assert throttle.hit(reports, "address")
    assert not throttle.hit(visits, "address")
