"""An address is taken once, and a sentence says why it cannot be taken."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dashboard.errors import Conflict
from dashboard.web.serving import listening
from dashboard.web.serving.listening import claim_address
from tests.integration.conftest import free_port

CLAIM = (
    "import sys, dashboard.web.serving.listening as l;"
    " l.SECONDS_TO_END = 0; l.claim_address('127.0.0.1', int(sys.argv[1]))"
)


@pytest.fixture(autouse=True)
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without waiting for one that ends, and given back after the test."""
    held: list[socket.socket] = []
    monkeypatch.setattr(listening, "SECONDS_TO_END", 0)
    monkeypatch.setattr(listening, "_claims", held)
    yield
    for claim in held:
        claim.close()


def test_free_port_is_claimed() -> None:
    assert claim_address("localhost", free_port()) in ("127.0.0.1", "::1")


def test_port_that_is_listened_at_is_refused_even_if_it_would_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", free_port()))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(Conflict, match=f"another program listens on port {port} of 127.0.0.1"):
            claim_address("127.0.0.1", port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names for sockets without files")
def test_port_that_another_process_is_about_to_listen_at_is_refused() -> None:
    port = free_port()
    claim_address("127.0.0.1", port)

    second = subprocess.run([sys.executable, "-c", CLAIM, str(port)], capture_output=True, text=True, check=False)

    assert "another program listens" in second.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "not:an:address"])
def test_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(Conflict, match="is not an address of this machine"):
        claim_address(host, free_port())
