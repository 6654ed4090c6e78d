"""Reaching ourselves where something else answers, or nothing: each hop over a real connection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme

from dashboard.callbacks.delivery_test import delivery
from dashboard.callbacks.delivery_test.delivery import send_attempt
from dashboard.callbacks.delivery_test.delivery_test_steps import DeliveryTestStep, explain
from dashboard.callbacks.delivery_test.test_callback import make_test_callback
from dashboard.smile import Signature
from tests.integration.callbacks.servers import listening, reply
from tests.integration.conftest import free_port

BODY = make_test_callback(Signature("002", "test-api-key-0001")).body


def reach_out(url: str) -> list[DeliveryTestStep]:
    return explain(send_attempt(f"{url}/hooks/smile", BODY), None, 0)


def failures(steps: list[DeliveryTestStep]) -> str:
    return " ".join(f"{step.text} {step.advice}" for step in steps if step.passed is False)


def accept(request: BaseHTTPRequestHandler) -> None:
    reply(request, 200, b'{"received": true}')


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(delivery, "READ_SECONDS", 0.7)


@pytest.fixture
def over() -> Iterator[Event]:
    """Set when the test is over: whoever keeps us waiting waits for that."""
    over = Event()
    yield over
    over.set()


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_closed_port() -> None:
    assert "refuses connections" in failures(reach_out(f"http://127.0.0.1:{free_port()}"))


def test_name_that_nobody_knows() -> None:
    for name in ("no-such-host.invalid", "a..b", "x" * 70 + ".example"):
        assert "cannot be resolved" in failures(reach_out(f"http://{name}"))


def test_name_server_that_does_not_answer(quick: None, monkeypatch: pytest.MonkeyPatch, over: Event) -> None:
    def get_no_answer(*_: object, **__: object) -> None:
        over.wait(60)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")  # Whoever waits so long hears this.

    monkeypatch.setattr(socket, "getaddrinfo", get_no_answer)

    assert "No name server answered" in failures(reach_out("http://desk.example"))


def test_redirect_is_told_and_not_followed() -> None:
    followed: list[str] = []

    def redirect(request: BaseHTTPRequestHandler) -> None:
        followed.append(request.path)
        reply(request, 301, Location="https://desk.example.com/hooks/smile?secret=1")

    with listening(redirect) as url:
        told = failures(reach_out(url))

    assert "redirects to https://desk.example.com/hooks/smile." in told
    assert followed == ["/hooks/smile"]


def test_page_of_another_program_is_named() -> None:
    with listening(lambda request: reply(request, 200, b"<html><title>Kora intranet</title></html>")) as url:
        assert 'A page titled "Kora intranet" answered instead' in failures(reach_out(url))


def test_proxy_with_a_limit_hangs_up_in_the_middle_of_the_body() -> None:
    def refuse(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.send_response(413)
        request.send_header("Content-Length", "0")
        request.end_headers()
        request.wfile.flush()
        request.connection.shutdown(socket.SHUT_WR)
        request.rfile.read(int(request.headers["Content-Length"]) - 1)  # nginx lingers too, so that it is heard

    with listening(refuse) as url:
        assert "client_max_body_size" in failures(reach_out(url))


def test_answer_is_not_waited_for(quick: None, over: Event) -> None:
    with listening(lambda _: over.wait(60)) as url:
        assert "No answer came" in failures(reach_out(url))


@pytest.mark.parametrize("begins_with", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"])
def test_answer_that_drips_is_not_waited_for(
    quick: None, monkeypatch: pytest.MonkeyPatch, over: Event, begins_with: bytes
) -> None:
    # The cut itself says that it was too late, not the clock, which may be a hair behind it.
    monkeypatch.setattr(delivery, "monotonic", lambda: 0.0)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        request.wfile.write(begins_with)
        while not over.wait(0.1):
            request.wfile.write(b"H")

    with listening(drip) as url:
        assert "No answer came" in failures(reach_out(url))


def test_endless_answer_is_cut() -> None:
    with listening(lambda request: reply(request, 200, b"x" * 5_000_000)) as url:
        tried = send_attempt(f"{url}/hooks/smile", BODY)

    assert tried.answer is not None
    assert len(tried.answer.body) == delivery.LONGEST_ANSWER


def test_server_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=lambda: server.accept()[0].close())
        thread.start()
        told = failures(reach_out(f"http://127.0.0.1:{server.getsockname()[1]}"))
        thread.join()

    assert "without an answer" in told


def test_certificate_that_is_trusted(authority: trustme.CA) -> None:
    with listening(accept, authority.issue_cert("127.0.0.1")) as url:
        steps = reach_out(url)

    assert steps[2].passed is True
    assert "issued by trustme" in steps[2].text
    assert "It was accepted." in steps[3].text


def test_certificates_that_nobody_should_trust(authority: trustme.CA) -> None:
    expired = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))
    cases = {
        "has expired": expired,
        "is for another": authority.issue_cert("desk.example.com"),
        "cannot be traced": trustme.CA().issue_cert("127.0.0.1"),
    }
    heard: list[str] = []
    for problem, certificate in cases.items():
        with listening(lambda request: heard.append(request.path), certificate) as url:
            assert problem in failures(reach_out(url))
    assert heard == []


def test_no_tls_where_the_address_promises_it(quick: None) -> None:
    with listening(accept) as url:
        assert "does not speak TLS" in failures(reach_out(url.replace("http:", "https:")))
    with silent_server() as address:
        assert "The TLS handshake did not finish" in failures(reach_out(f"https://{address}"))
