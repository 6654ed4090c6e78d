"""Senders that drip or send too much, good callbacks beside them, and the memory that the web process needs."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from tests.factories.callbacks import DOOR
from tests.integration.callbacks.senders import CONNECTION_LOST, Author, Sender
from tests.integration.callbacks.short_of_space import descendants
from tests.integration.conftest import Deployment

MOST = 2 * 1024 * 1024
GENUINE = 1_500_000  # bytes: with an authority's photo inside
SECONDS_BETWEEN_BYTES = 1
CHUNK = 64 * 1024


@contextmanager
def dripping(deployment: Deployment, senders: int) -> Iterator[None]:
    """Half of them tell a length, half send chunks without; each sends a byte of its body every second."""
    stop = Event()
    with ExitStack() as stack:
        connections = [stack.enter_context(_connect(deployment)) for _ in range(senders)]
        for number, connection in enumerate(connections):
            length = "Transfer-Encoding: chunked" if number % 2 else f"Content-Length: {GENUINE}"
            connection.sendall(_head(length))

        def drip() -> None:
            while not stop.wait(SECONDS_BETWEEN_BYTES):
                for number, connection in enumerate(connections):
                    try:
                        connection.sendall(b"1\r\n \r\n" if number % 2 else b" ")
                    except OSError:
                        continue  # it was cut off, which is as well

        thread = Thread(target=drip)
        thread.start()
        time.sleep(2 * SECONDS_BETWEEN_BYTES)  # until the server waits for all of them
        try:
            yield
        finally:
            stop.set()
            thread.join()


def slowest_good(deployment: Deployment, count: int, timeout_seconds: float = 10) -> float:
    """Of so many good callbacks; one that is not answered counts with all the time it was given."""
    author, slowest = Author(), 0.0
    for _ in range(count):
        sender, started = Sender(deployment.web_url, timeout_seconds), time.monotonic()
        try:
            assert sender.send(author.write()).status == 200
        except CONNECTION_LOST:
            return timeout_seconds
        finally:
            sender.close()
        slowest = max(slowest, time.monotonic() - started)
    return slowest


def send_too_much(deployment: Deployment, count: int) -> Counter[int]:
    """One byte more than is allowed, in turn with a length and in chunks without; the statuses of the answers."""
    body = b" " * (MOST + 1)
    return Counter(
        _send_chunked(deployment, body) if number % 2 else _send(deployment, body) for number in range(count)
    )


def send_genuine(deployment: Deployment) -> int:
    sender = Sender(deployment.web_url)
    try:
        return sender.send(Author().write(Photo="A" * GENUINE)).status
    finally:
        sender.close()


def resident_megabytes(deployment: Deployment) -> float:
    """Of the web process and those that it started."""
    pid = deployment.processes["web"].pid
    return sum(_resident_kilobytes(each) for each in [pid, *descendants(pid)]) / 1024


def _resident_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _send(deployment: Deployment, body: bytes) -> int:
    with _connect(deployment) as connection:
        connection.sendall(_head(f"Content-Length: {len(body)}"))
        return _send_all(connection, [body])


def _send_chunked(deployment: Deployment, body: bytes) -> int:
    parts = [body[begin : begin + CHUNK] for begin in range(0, len(body), CHUNK)]
    with _connect(deployment) as connection:
        connection.sendall(_head("Transfer-Encoding: chunked"))
        return _send_all(connection, [*(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"])


def _send_all(connection: socket.socket, parts: list[bytes]) -> int:
    try:
        for part in parts:
            connection.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the answer may have come before the whole body was sent
    return int(connection.recv(4096).split(b" ", 2)[1])


def _connect(deployment: Deployment) -> socket.socket:
    parts = urlsplit(deployment.web_url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30)


def _head(length: str) -> bytes:
    return f"POST {DOOR} HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode()
