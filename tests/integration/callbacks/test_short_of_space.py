"""Nothing is acknowledged that cannot be stored, and when it can be again the next callback is, without a restart."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.crypto import KeyRing
from tests.integration.callbacks.short_of_space import (
    Ledger,
    endure,
    files_may_not_grow,
    filled,
    locked,
    small_disk,
)
from tests.integration.conftest import Deployment, start_deployment

SENDERS = 2


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own where the tests may mount one, else a folder."""
    folder = tmp_path_factory.mktemp("disk")
    if sys.platform != "linux" or os.geteuid() != 0:
        yield folder
        return
    with small_disk(folder / "mounted") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def deployment(disk: Path, migrated_sqlite: Path, keyring: KeyRing) -> Iterator[Deployment]:
    shutil.copyfile(migrated_sqlite, disk / "dashboard.db")
    started = start_deployment(disk, f"sqlite:///{disk / 'dashboard.db'}", keyring, ("web",))
    yield started
    started.stop()


def check(ledger: Ledger) -> None:
    assert ledger.told_wrongly == 0, ledger
    assert ledger.missing == 0


def test_full_disk_acknowledges_nothing_and_passes(deployment: Deployment, disk: Path) -> None:
    if not disk.is_mount():
        pytest.skip("only root can mount a small disk on Linux: the full disk is not tried")

    check(endure(deployment, lambda: filled(disk), rounds=2, senders=SENDERS))


def test_files_that_may_not_grow_acknowledge_nothing_and_that_passes(deployment: Deployment) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux limits the files of a running process: not tried")
    pid = deployment.processes["web"].pid

    check(endure(deployment, lambda: files_may_not_grow(pid), rounds=2, senders=SENDERS))


def test_locked_database_acknowledges_nothing_and_passes(deployment: Deployment) -> None:
    check(endure(deployment, lambda: locked(deployment.database), rounds=1, senders=1))
