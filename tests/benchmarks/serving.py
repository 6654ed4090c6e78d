"""Runs one app of tests/benchmarks/servers.py as `dashboard web` runs ours: same server, workers and threads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.web.serving.server import IDLE_SECONDS, serve_app
from tests.integration.conftest import free_port, wait_until_up


@contextmanager
def serve(name: str, folder: Path, idle_seconds: float = IDLE_SECONDS, **extra: str) -> Iterator[str]:
    """In a process of its own, with `extra` in its environment; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.serving", str(port), str(idle_seconds)],
        env=os.environ | {"BENCHMARK_APP": name, "BENCHMARK_FOLDER": str(folder)} | extra,
    )
    try:
        wait_until_up(url + "/up", server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    serve_app("tests.benchmarks.servers:create_app", "127.0.0.1", int(sys.argv[1]), idle_seconds=float(sys.argv[2]))
