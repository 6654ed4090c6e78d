"""The server that `dashboard web` runs, and that benchmarks run beside it with the same settings."""

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server


def serve_app(factory: str, host: str, port: int) -> None:
    """`factory` names what makes the app, as "module:function". Returns when a signal ends it.

    One process, since SQLite has one writer; on PostgreSQL as many as wanted are started beside each other.
    """
    Server(
        factory,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        # A thread waits as long as a sender drips its body. More are started only while they are wanted; a proxy
        # in front that reads the whole request first keeps such senders away from them altogether.
        blocking_threads=64,
        websockets=False,
        log_level=LogLevels.error,
        backpressure=128,
    ).serve()
