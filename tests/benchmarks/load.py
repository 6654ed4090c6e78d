"""A load of keep-alive GET requests on a server of this machine, bounded in time; prints nothing."""

import multiprocessing
import socket
import time
from urllib.parse import urlsplit

CLIENTS = 8
SECONDS = 3.0


def requests_per_second(url: str, headers: dict[str, str], expected_status: int, seconds: float = SECONDS) -> float:
    """How many answers per second `CLIENTS` connections get; any other status is an error."""
    with multiprocessing.get_context("fork").Pool(CLIENTS) as pool:
        counts = pool.starmap(_client, [(url, headers, expected_status, seconds)] * CLIENTS)
    return sum(counts) / seconds


def _client(url: str, headers: dict[str, str], expected_status: int, seconds: float) -> int:
    parts = urlsplit(url)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode()
    begin = f"HTTP/1.1 {expected_status} ".encode()
    count, deadline = 0, time.monotonic() + seconds
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        while time.monotonic() < deadline:
            connection.sendall(request)
            answer = connection.recv(65536)
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(begin), head[:200]
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            while len(body) < length:
                body += connection.recv(65536)
            count += 1
    return count
