"""A load on a server of this machine: so many keep-alive connections, one request after the other on each.

One thread with a selector, so that the load takes little of the two cores that the server needs.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit

SECONDS = 3.0


@dataclass
class Load:
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # in seconds
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p99(self) -> float:
        """In milliseconds."""
        return quantiles(self.latencies, n=100)[98] * 1000


def get_request(url: str, headers: dict[str, str] | None = None) -> bytes:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode()


def post_request(url: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    parts = urlsplit(url)
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(url: str, requests: Iterator[bytes], expected_status: int, *, clients: int, seconds: float = SECONDS) -> Load:
    """Until the time is over or the requests are; any other status is an error."""
    parts = urlsplit(url)
    load, selector = Load(), selectors.DefaultSelector()
    connections = [socket.create_connection((parts.hostname, parts.port), timeout=30) for _ in range(clients)]
    started_at: dict[socket.socket, float] = {}
    begin = time.perf_counter()
    deadline = begin + seconds
    try:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
            _send_next(connection, requests, started_at)
        while started_at:
            for key, _ in selector.select(30):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                status = _read_answer(connection)
                now = time.perf_counter()
                load.latencies.append(now - started_at.pop(connection))
                load.statuses[status] = load.statuses.get(status, 0) + 1
                assert status == expected_status, status
                if now < deadline:
                    _send_next(connection, requests, started_at)
    finally:
        selector.close()
        for connection in connections:
            connection.close()
    load.seconds = time.perf_counter() - begin
    return load


def _send_next(connection: socket.socket, requests: Iterator[bytes], started_at: dict[socket.socket, float]) -> None:
    request = next(requests, None)
    if request is not None:
        started_at[connection] = time.perf_counter()
        connection.sendall(request)


def _read_answer(connection: socket.socket) -> int:
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        missing -= len(connection.recv(65536))
    return int(head[9:12])
