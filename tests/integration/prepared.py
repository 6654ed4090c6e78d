"""Processes of the product, forked from one that has imported it already: they start in tenths of a second."""

import atexit
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from dashboard.cli import main

IMPORTED = (
    __name__,
    "dashboard.app",
    "dashboard.features",
    "dashboard.sandbox.server",
    "dashboard.worker.process",
    "granian.server",
    "tests.integration.conftest",
    "tests.integration.jobs.dying_worker",
    "tests.integration.precompiled",
)


def prepare() -> ForkServerContext:
    """Begins to import, unless that was done; the first process waits until it is."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    forkserver.ensure_running()
    return context


#: A test that fails may forget to end one, and the end of the test process would wait for it.
_started: list[BaseProcess] = []


def _kill_forgotten() -> None:
    for process in _started:
        if process.is_alive():
            kill_group(process)


atexit.register(_kill_forgotten)


def start_command(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> BaseProcess:
    """`dashboard` with these arguments, in a process group of its own, since the web server starts processes too."""
    process = prepare().Process(target=_run, args=(list(arguments), dict(environment), log))
    process.start()
    _started.append(process)
    return process


def kill_group(process: BaseProcess) -> None:
    """kill -9 of the process and of what it started."""
    assert process.pid
    os.killpg(process.pid, signal.SIGKILL)
    process.join()


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    os.setsid()
    # One process that serves need not import it all again. Several would share what the server tells each of them by.
    multiprocessing.set_start_method("spawn" if "--workers" in arguments else "fork", force=True)
    os.environ.clear()
    os.environ.update(environment)
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    main(arguments)
