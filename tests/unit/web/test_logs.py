"""The log: a line that cannot be written is lost, and whoever logs goes on."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from dashboard.web.logs import set_up_logging


@pytest.fixture
def full_disk() -> Iterator[TextIO]:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("only Linux has a device that is always full")
    with suppress(OSError), open(device, "w") as file:  # closing it fails once more
        yield file


def test_full_disk_does_not_stop_whoever_logs(monkeypatch: pytest.MonkeyPatch, full_disk: TextIO) -> None:
    set_up_logging("json")
    monkeypatch.setattr(sys, "stdout", full_disk)

    structlog.get_logger("test").error("callback_not_stored", error="OperationalError")
