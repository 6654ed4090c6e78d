"""Whatever was acknowledged is kept when the web process is killed with -9; `make bench` kills it 200 times."""

from collections.abc import Callable

import pytest

from tests.integration.callbacks.killed_web import kill_under_load
from tests.integration.conftest import Deployment

KILLS = 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_acknowledged_callback_is_lost_in_a_kill(deploy: Callable[..., Deployment]) -> None:
    ledger = kill_under_load(deploy("web"), KILLS)

    assert ledger.missing == 0, f"{len(ledger.acknowledged)} were acknowledged"
    assert set(ledger.statuses) == {200}
    assert ledger.integrity == "ok"
