"""Thousands of connections to a web process, held by a process of their own: silent ones, and senders that drip.

`python -m tests.integration.connections URL KIND COUNT` holds them until it is ended.
"""

import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from urllib.parse import urlsplit

from tests.factories.callbacks import DOOR

SECONDS_BETWEEN_BYTES = 1.0
#: So many drip at once, since senders that know nothing of each other are spread over the second.
GROUP = 50
READY = "ready"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
#: Where a body is sent, and as what.
DRIPPING = {
    "hooks": (DOOR, JSON),
    "form": ("/sign-in", FORM),
    "customer": (f"/v/{'a' * 22}/start", FORM),
}
IDLE = "idle"


@contextmanager
def held(web_url: str, kind: str, count: int) -> Iterator[None]:
    """`kind` is IDLE, or one of DRIPPING; a dripping connection that is cut is opened again."""
    command = [sys.executable, "-m", __name__, web_url, kind, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline().strip() == READY
            yield
            assert holder.poll() is None, "the process that holds the connections ended"
        finally:
            holder.kill()


def visit(web_url: str, path: str = "/sign-in") -> float:
    """The seconds until a newcomer has the page."""
    started = time.monotonic()
    with connect(web_url) as connection:
        host = urlsplit(web_url).netloc
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    return time.monotonic() - started


def connect(web_url: str, timeout_seconds: float = 30) -> socket.socket:
    parts = urlsplit(web_url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=timeout_seconds)


def head_of(web_url: str, kind: str, length: str) -> bytes:
    path, content_type = DRIPPING[kind]
    return (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(web_url).netloc}\r\nContent-Type: {content_type}\r\n{length}\r\n\r\n"
    ).encode()


def hold_idle(web_url: str, count: int) -> None:
    """Every other one is silent from its first byte, the others once they have had an answer."""
    connections = [connect(web_url) for _ in range(count)]
    for connection in connections[::2]:
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(web_url).netloc}\r\n\r\n".encode())
    for connection in connections[::2]:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    print(READY, flush=True)
    time.sleep(3600)


def hold_dripping(web_url: str, kind: str, count: int) -> None:
    """Half of them tell a length, half send chunks; each sends a byte of its body every second."""
    heads = head_of(web_url, kind, "Content-Length: 1500000"), head_of(web_url, kind, "Transfer-Encoding: chunked")
    drops = b" ", b"1\r\n \r\n"
    connections = [_begin(web_url, heads[number % 2]) for number in range(count)]
    print(READY, flush=True)
    groups = [range(begin, min(begin + GROUP, count)) for begin in range(0, count, GROUP)]
    for group in cycle(groups):
        for number in group:
            if _is_cut(connections[number]):
                connections[number].close()
                connections[number] = _begin(web_url, heads[number % 2])
            else:
                with suppress(OSError):
                    connections[number].sendall(drops[number % 2])
        time.sleep(SECONDS_BETWEEN_BYTES / len(groups))


def _begin(web_url: str, head: bytes) -> socket.socket:
    connection = connect(web_url)
    connection.sendall(head)
    connection.setblocking(False)
    return connection


def _is_cut(connection: socket.socket) -> bool:
    """The server has answered, or has closed it."""
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    url, wanted, number_of_them = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if wanted == IDLE:
        hold_idle(url, number_of_them)
    else:
        hold_dripping(url, wanted, number_of_them)
