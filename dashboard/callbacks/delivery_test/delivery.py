"""Sends one request as Smile would, and records what each hop answered. delivery_test_steps.py explains the result."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from threading import Event, Timer
from time import monotonic
from urllib.parse import urlsplit

from dashboard.outbound import addresses_of, browser_tls

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
LONGEST_ANSWER = 64 * 1024
MOST_ADDRESSES = 4


@dataclass(frozen=True)
class HopAnswer:
    status: int
    headers: Mapping[str, str]  # by their lower-cased names
    body: bytes
    seconds: float
    arrived_at: datetime


@dataclass
class Attempt:
    """How far the request got. `error` is the first failure; nothing after it was tried."""

    url: str
    addresses: list[str] = field(default_factory=list)
    connected_to: str = ""
    certificate: Mapping[str, object] | None = None
    tls_version: str = ""
    answer: HopAnswer | None = None
    failed_at: str = ""  # name, connection, encryption, answer
    error: OSError | HTTPException | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.url.startswith("https:")


def send_attempt(url: str, body: bytes) -> Attempt:
    """Sends the request over one connection, so that the answer comes from the server whose certificate was checked.

    A redirect is an answer like any other and is not followed.
    """
    tried = Attempt(url)
    stage = "name"
    try:
        tried.addresses = addresses_of(*_host_and_port(url), CONNECT_SECONDS)
        stage = "connection"
        connection = _connect(tried)
        with connection:
            if tried.is_encrypted:
                stage = "encryption"
                connection = _secure(connection, tried)
            stage = "answer"
            with connection:
                tried.answer = _post(connection, url, body)
    except (OSError, HTTPException) as error:
        tried.failed_at, tried.error = stage, error
    return tried


def _connect(tried: Attempt) -> socket.socket:
    """Connects to the first address that answers, within one time limit for all of them."""
    deadline = monotonic() + CONNECT_SECONDS
    error: OSError = TimeoutError()
    for address in tried.addresses[:MOST_ADDRESSES]:
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            connection = socket.create_connection((address, _host_and_port(tried.url)[1]), timeout=left)
        except OSError as failure:
            error = failure
        else:
            tried.connected_to = address
            return connection
    raise error


def _secure(connection: socket.socket, tried: Attempt) -> ssl.SSLSocket:
    connection.settimeout(CONNECT_SECONDS)
    secured = browser_tls().wrap_socket(connection, server_hostname=_host_and_port(tried.url)[0])
    tried.certificate, tried.tls_version = secured.getpeercert(), secured.version() or ""
    return secured


def _post(connection: socket.socket, url: str, body: bytes) -> HopAnswer:
    host, port = _host_and_port(url)
    http = HTTPConnection(host, port)
    http.sock = connection
    connection.settimeout(READ_SECONDS)
    too_late = Event()

    def give_up() -> None:
        too_late.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    # A server that sends a byte now and then would never reach the socket's timeout.
    cut = Timer(READ_SECONDS, give_up)
    cut.start()
    started = monotonic()
    parts = urlsplit(url)
    headers = {"Host": parts.netloc, "Content-Type": "application/json", "Connection": "close"}
    try:
        # A server that finds the body too large answers and closes the connection before it is all sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            http.request("POST", parts.path, body, headers)
        with http.getresponse() as response:
            content = response.read(LONGEST_ANSWER)
        if too_late.is_set():  # A body that was cut off looks like one that has ended.
            raise TimeoutError
    except (OSError, HTTPException) as error:
        raise (TimeoutError() if too_late.is_set() else error) from None
    finally:
        cut.cancel()
    received = {name.lower(): value for name, value in response.getheaders()}
    return HopAnswer(response.status, received, content, monotonic() - started, datetime.now(UTC))


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
