"""Whatever address a person enters or Smile's answer names: nothing on the machine or its network is connected to."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.outbound import problem_with_address
from dashboard.smile import Transport, TransportFailed
from dashboard.smile.constants import PRODUCTION_URL, SANDBOX_URL
from dashboard.smile.guard import Guard
from dashboard.smile.public_addresses import is_public
from tests.conftest import make_settings
from tests.security.outbound_corpus import CORPUS, NAMES

PUBLIC = "93.184.215.14"
resolve = socket.getaddrinfo


class Canary:
    """Listens on the machine itself, on both kinds of address, and counts who connects."""

    def __init__(self) -> None:
        self.hits = 0
        self._stop = Event()
        first = socket.create_server(("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self._sockets = [first]
        if socket.has_dualstack_ipv6():
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [Thread(target=self._listen, args=(each,), daemon=True) for each in self._sockets]
        for thread in self._threads:
            thread.start()

    def _listen(self, listening: socket.socket) -> None:
        listening.settimeout(0.05)
        while not self._stop.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            self.hits += 1
            connection.close()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()


@pytest.fixture(autouse=True)
def attackers_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the corpus have its answers, names of Smile lead to an address of the internet."""

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        addresses = NAMES.get(name.lower()) or ([PUBLIC] if name.endswith("smileidentity.com") else [])
        if not addresses:
            return resolve(host, port, *arguments, **options)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


class Zip:
    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[bytes]:
        yield b"zip"


def test_canary_notices_whoever_connects(canary: Canary) -> None:
    socket.create_connection(("127.0.0.1", canary.port)).close()

    deadline = time.monotonic() + 30
    while canary.hits == 0 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert canary.hits == 1


@pytest.mark.parametrize("server", [PRODUCTION_URL, SANDBOX_URL])
def test_pictures_are_sent_to_nothing_inside(canary: Canary, server: str) -> None:
    """As an answer to the upload would name the address; before it, one look at each by hand shows who refuses."""
    sent = 0
    with Transport(server, timeout=(0.3, 0.3)) as transport:
        for address in CORPUS:
            try:
                transport.put_stream(address.format(port=canary.port), Zip(), "application/zip")
                sent += 1
            except TransportFailed:
                continue
        # The usual port, on which no canary can listen here: only the look at where the name leads can refuse it.
        for name in NAMES:
            with pytest.raises(TransportFailed, match="not safe to use"):
                transport.put_stream(f"https://{name}/x", Zip(), "application/zip")

    print(f"{len(CORPUS)} upload addresses, {sent} sent, {canary.hits} connections to the canaries")
    assert len(CORPUS) >= 60
    assert (sent, canary.hits) == (0, 0)


def test_nothing_inside_can_be_entered(canary: Canary, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, public_url="https://desk.example.com")

    accepted = [each for each in CORPUS if not problem_with_address(each.format(port=canary.port), settings)]
    by_default_port = [each for each in CORPUS if not problem_with_address(each.replace(":{port}", ""), settings)]

    print(f"{len(CORPUS)} entered twice, {len(accepted) + len(by_default_port)} accepted, {canary.hits} connections")
    assert (accepted, by_default_port, canary.hits) == ([], [], 0)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "https://example.com:8443/results?source=desk",
        "https://desk.example.com/hooks/smile",
        f"https://{PUBLIC}/x",
        "https://[2606:2800:21f:cb07::1]/x",
        "https://b\u00fccher.example/x",
        "https://10.example.com/x",
    ],
)
def test_addresses_of_the_internet_can_be_entered(tmp_path: Path, address: str) -> None:
    assert problem_with_address(address, make_settings(tmp_path, public_url="https://desk.example.com")) == ""


@pytest.mark.parametrize("address", ["http://localhost:3000/x", "http://127.0.0.1:8001", "https://localhost:8443/x"])
def test_loopback_can_be_entered_only_where_a_setting_allows_it(tmp_path: Path, address: str) -> None:
    assert problem_with_address(address, make_settings(tmp_path, public_url="https://desk.example.com"))
    assert problem_with_address(address, make_settings(tmp_path, allow_loopback=True)) == ""
    assert problem_with_address(address, make_settings(tmp_path, is_demo=True)) == ""
    assert problem_with_address("https://10.0.0.1", make_settings(tmp_path, allow_loopback=True, is_demo=True))


@pytest.mark.parametrize(
    ("path", "field", "form"),
    [
        ("/settings", "policy_url", {"company_name": "Kora Bank", "theme_color": "#0b5d4e"}),
        ("/settings", "logo_url", {"company_name": "Kora Bank", "theme_color": "#0b5d4e"}),
        ("/settings", "return_urls", {"company_name": "Kora Bank", "theme_color": "#0b5d4e"}),
        ("/tokens", "callback_url", {"product": "basic_kyc"}),
        ("/tokens/v3", "callback_url", {"product": "enhanced_kyc"}),
    ],
)
def test_every_field_for_an_address_refuses_one_inside_and_keeps_what_was_typed(
    sign_in: Callable[[str], FlaskClient], path: str, field: str, form: dict[str, str]
) -> None:
    client = sign_in("ada")

    answer = client.post(path, data=form | {field: "https://169.254.169.254/latest"})

    assert answer.status_code == 422
    assert "private network" in answer.text
    assert "https://169.254.169.254/latest" in answer.text


def test_name_server_that_changes_its_mind_is_asked_once(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PUBLIC])
    asked: list[str] = []
    connected: list[str] = []

    def rebinding(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        asked.append(str(host))
        # An address in digits is what the connection is made to.
        address = str(host) if str(host)[0].isdigit() else next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, canary.port))]

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with Transport(PRODUCTION_URL, timeout=(0.3, 0.3)) as transport, pytest.raises(TransportFailed) as failed:
        transport.put_stream("https://rebinding.attacker.example/x", Zip(), "application/zip")

    assert asked.count("rebinding.attacker.example") == 1
    assert connected == [PUBLIC]
    assert not failed.value.maybe_sent


def test_simulator_on_a_private_network_may_name_its_own_store() -> None:
    assert Guard("http://127.0.0.1:8001/v1").is_inside
    assert Guard("http://127.0.0.1:8001/v1").allows(["127.0.0.1"])
    assert not Guard(PRODUCTION_URL).is_inside
    assert not Guard(PRODUCTION_URL).allows([PUBLIC, "10.0.0.1"])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", PUBLIC, "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "8.8.8", "08.8.8.8", "8.8.8.8.8", "::ffff:10.0.0.1", "not one"])
def test_everything_else_is_not(text: str) -> None:
    assert not is_public(text)
