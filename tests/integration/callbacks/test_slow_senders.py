"""Slow and big senders keep nobody out and cost no memory; `make bench` has more of them."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.callbacks.slow_senders import (
    dripping,
    resident_megabytes,
    send_genuine,
    send_too_much,
    slowest_good,
)
from tests.integration.conftest import Deployment

SLOW = 16
MOST_GROWTH = 20  # MB


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_slow_and_big_senders_keep_nobody_out(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("web")

    assert send_genuine(deployment) == 200
    send_too_much(deployment, 4)  # what is loaded once is no growth
    before = resident_megabytes(deployment)
    assert send_too_much(deployment, 50) == Counter({413: 50})
    assert resident_megabytes(deployment) - before < MOST_GROWTH
    with dripping(deployment, SLOW):
        assert slowest_good(deployment, 5) < 1
