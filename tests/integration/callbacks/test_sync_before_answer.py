"""A callback is on the disk, not only in the kernel's memory, before it is acknowledged; `make bench` traces 500."""

import shutil
from collections.abc import Callable

import pytest

from tests.integration.callbacks.tracing import TracingRefused, trace_callbacks
from tests.integration.conftest import Deployment

COUNT = 20


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: whether it was synced is not seen")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_callback_is_synced_before_it_is_acknowledged(deploy: Callable[..., Deployment]) -> None:
    try:
        synced = trace_callbacks(deploy("web"), COUNT)
    except TracingRefused:
        pytest.skip("strace may not attach to a process here: whether it was synced is not seen")

    assert synced == COUNT
