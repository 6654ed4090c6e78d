"""A flood of valid callbacks fills neither the store nor Smile's patience; `make bench` sends 10,000."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.callbacks.floods import ONLY_CALLBACKS_ASK, flood
from tests.integration.conftest import Deployment

COUNT = 400
JOBS = 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_flood_asks_smile_every_ten_seconds_at_most_and_keeps_each_body_once(deploy: Callable[..., Deployment]) -> None:
    seen = flood(deploy("web", "worker", **ONLY_CALLBACKS_ASK), COUNT, JOBS)

    assert seen.statuses == Counter({200: COUNT})
    assert (seen.rows, seen.times_seen) == (seen.distinct, COUNT)
    assert 1 <= seen.most_asked <= seen.most_allowed
