"""Processes of the product, forked from one that has imported it already: they start in tenths of a second."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from dashboard.cli import main

IMPORTED = (
    __name__,
    "dashboard.app",
    "dashboard.features",
    "dashboard.worker.process",
    "granian.server",
    "tests.integration.conftest",
    "tests.integration.jobs.dying_worker",
)


def prepare() -> ForkServerContext:
    """Begins to import, unless that was done; the first process waits until it is."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    forkserver.ensure_running()
    return context


def start_web(environment: Mapping[str, str], port: int, log: Path) -> BaseProcess:
    """`dashboard web` in a process group of its own, since the server starts processes too."""
    process = prepare().Process(target=_serve, args=(dict(environment), port, log))
    process.start()
    return process


def kill_group(process: BaseProcess) -> None:
    """kill -9 of the process and of what it started."""
    assert process.pid
    os.killpg(process.pid, signal.SIGKILL)
    process.join()


def _serve(environment: dict[str, str], port: int, log: Path) -> None:
    os.setsid()
    multiprocessing.set_start_method("fork", force=True)  # The server's own process need not import it all again.
    os.environ.clear()
    os.environ.update(environment)
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    main(["web", "--port", str(port)])
