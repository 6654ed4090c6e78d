"""The server that `dashboard web` runs, and that benchmarks run with the same settings."""

import os
import signal
from functools import partial
from importlib import import_module
from multiprocessing import parent_process
from threading import Thread

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from dashboard.web.serving.asgi import AsgiAdapter
from dashboard.web.serving.descriptors import connections_within, limits, raise_limit

#: Connections that the system queues while as many are open as fit.
BACKLOG = 2048
#: A connection that has not sent a whole request head within this time is closed. Proxies close their idle ones earlier
#: (nginx after 60 s), so that they never send a request into one that is being closed.
IDLE_SECONDS = 65.0


def serve_app(factory: str, host: str, port: int, workers: int = 1, *, idle_seconds: float = IDLE_SECONDS) -> None:
    """Serves until a signal ends it. `factory` names what makes the app, as "module:function".

    On SQLite it needs one process, since there is one writer.
    """
    raise_limit()
    Server(
        factory,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # With HTTP/2 as well, the server would wait for the first bytes of a connection without a time limit.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=int(idle_seconds * 1000)),
        workers=workers,
        websockets=False,
        log_level=LogLevels.error,
        backlog=BACKLOG,
        backpressure=connections_within(limits()[0]),
    ).serve(target_loader=partial(_load, factory), wrap_loader=False)


def _load(factory: str) -> AsgiAdapter:
    """Makes the app, in each process that serves."""
    _end_with_parent()
    module, _, name = factory.partition(":")
    app: AsgiAdapter = getattr(import_module(module), name)()
    return app


def _end_with_parent() -> None:
    """Ends this process when its parent is gone, even if the parent was killed."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)

    Thread(target=wait, name="parent", daemon=True).start()
