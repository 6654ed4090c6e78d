"""Runs one app of tests/benchmarks/servers.py as `dashboard web` runs ours: same server, workers and threads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.conftest import free_port, wait_until_up


@contextmanager
def serve(name: str, folder: Path) -> Iterator[str]:
    """In a process of its own; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.serving", str(port)],
        env=os.environ | {"BENCHMARK_APP": name, "BENCHMARK_FOLDER": str(folder)},
    )
    try:
        wait_until_up(url + "/up", server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "tests.benchmarks.servers:create_app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=64,
        websockets=False,
        log_level=LogLevels.error,
        backpressure=128,
    ).serve()
