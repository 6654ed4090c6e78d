"""Where one request ends and the next begins: the server takes no message that can be read in two ways."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dashboard.crypto import KeyRing
from tests.integration.conftest import start_deployment

SECOND = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HEAD = b"POST /hooks/smile HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
AMBIGUOUS = {
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + SECOND,
    "a length that is none": HEAD + b"Content-Length: 2, 60\r\n\r\n{}" + SECOND,
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}" + SECOND,
    "an encoding that is not known": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked, but not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SECOND,
    "space before the colon": HEAD + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND,
    "a size that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + SECOND,
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keyring: KeyRing):
    folder = tmp_path_factory.mktemp("boundaries")
    (folder / "dashboard.db").write_bytes(migrated_sqlite.read_bytes())
    deployment = start_deployment(folder, f"sqlite:///{folder / 'dashboard.db'}", keyring, ("web",))
    yield urlsplit(deployment.web_url)
    deployment.stop()


def statuses(web, message: bytes) -> list[bytes]:
    """Of all answers on one connection, which the last request asks to close."""
    heard = b""
    with socket.create_connection((web.hostname, web.port), timeout=30) as connection:
        connection.sendall(message)
        while piece := connection.recv(65536):
            heard += piece
    return re.findall(rb"HTTP/1\.1 (\d{3})", heard)


def test_two_whole_requests_get_two_answers(web) -> None:
    assert statuses(web, HEAD + b"Content-Length: 2\r\n\r\n{}" + SECOND) == [b"401", b"200"]


def test_a_length_is_nothing_beside_chunks(web) -> None:
    """The length says 5, the chunks say 2: what follows is a request of its own, or nothing is."""
    message = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + SECOND

    assert statuses(web, message) in ([b"401", b"200"], [b"401"], [b"400"])


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused(web, kind: str) -> None:
    answers = statuses(web, AMBIGUOUS[kind])

    assert answers[0] == b"400", answers
    assert b"200" not in answers
