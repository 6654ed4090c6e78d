"""Periodic work with four workers that are killed and replaced; `make bench` watches sixty periods."""

import signal
from pathlib import Path

import pytest

from dashboard.crypto import KeyRing
from dashboard.db import Database
from tests.conftest import make_settings
from tests.integration.worker.kills import kill_through

PERIODS = 10
LEASE_SECONDS = 3.0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_each_period_has_one_run_whichever_workers_die(tmp_path: Path, database_url: str, keyring: KeyRing) -> None:
    queue_url = f"sqlite:///{tmp_path / 'queue.db'}"
    settings = make_settings(tmp_path, database_url=database_url, queue_url=queue_url, sweep_every=0.03)

    database = Database(database_url, keyring)

    ledger = kill_through(database, settings, tmp_path, PERIODS, [LEASE_SECONDS])

    database.dispose()

    assert ledger.overlaps == []
    assert ledger.repeated_without_a_death == []
    assert ledger.missed_without_a_death == []
    assert ledger.unfinished == []
    assert ledger.killed_inside
    # The signal itself ends a worker that had only begun to start.
    assert set(ledger.exit_codes) <= {0, -signal.SIGTERM}
    assert "_failed" not in ledger.log
    assert "Traceback" not in ledger.log
