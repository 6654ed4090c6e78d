"""Servers with a certificate that proves nothing: whatever the client sends, no request of ours reaches them."""

import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard.callbacks.delivery_test.delivery import send_attempt
from dashboard.health import network
from dashboard.health.handshakes import TlsState, inspect_tls
from dashboard.health_checks import Finding, State
from dashboard.smile import IDApi, SmileError, Transport, TransportFailed, Utilities, WebApi

PARTNER_ID, API_KEY = "002", "canary-api-key-0001"
NOW = datetime.now(UTC)
AUTHORITY = trustme.CA()
DAY = timedelta(days=1)


class TlsServer:
    """Takes connections with the certificate it was given, and keeps what came through the encryption."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.received = b""
        self.handshakes = 0
        self._context = context
        self._stop = Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                plain, _ = self._listening.accept()
            except TimeoutError:
                continue
            plain.settimeout(2)
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    self.handshakes += 1
                    self.received += read_request(connection)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            except OSError:
                plain.close()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._listening.close()


def read_request(connection: socket.socket) -> bytes:
    """To its end, since whoever is answered before that sees a broken connection."""
    request = b""
    while piece := connection.recv(65536):
        request += piece
        head, is_complete, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if is_complete and len(body) >= int(length[1] if length else 0):
            break
    return request


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[TlsServer]:
    server = TlsServer(context)
    try:
        yield server
    finally:
        server.close()


def context_with(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def signed_by_the_authority(
    begins: datetime, ends: datetime, folder: Path, *, by_itself: bool = False
) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that trustme would not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority_key = serialization.load_pem_private_key(AUTHORITY.private_key_pem.bytes(), None)
    authority = x509.load_pem_x509_certificate(AUTHORITY.cert_pem.bytes())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if by_itself else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    )
    signing_key: Any = key if by_itself else authority_key
    path = folder / "bad.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.sign(signing_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def outdated_tls(_: Path) -> ssl.SSLContext:
    context = context_with(AUTHORITY.issue_cert("127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python warns of what this server is made for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


BAD: dict[str, Callable[[Path], ssl.SSLContext]] = {
    "expired": lambda folder: signed_by_the_authority(NOW - 30 * DAY, NOW - DAY, folder),
    "not yet valid": lambda folder: signed_by_the_authority(NOW + DAY, NOW + 30 * DAY, folder),
    "self-signed": lambda folder: signed_by_the_authority(NOW - DAY, NOW + DAY, folder, by_itself=True),
    "of another host": lambda _: context_with(AUTHORITY.issue_cert("store.example.com")),
    "of an unknown authority": lambda _: context_with(trustme.CA().issue_cert("127.0.0.1")),
    "TLS 1.1 at most": outdated_tls,
}
CALLS: dict[str, Callable[[str, Transport], Any]] = {
    "upload": lambda v1, transport: WebApi(PARTNER_ID, None, API_KEY, v1, transport=transport).prepare_upload(
        {"user_id": "u", "job_id": "j", "job_type": 4}
    ),
    "job status": lambda v1, transport: Utilities(PARTNER_ID, API_KEY, v1, transport=transport).get_job_status(
        "u", "j"
    ),
    "lookup": lambda v1, transport: IDApi(PARTNER_ID, API_KEY, v1, transport=transport).submit_job(
        {"user_id": "u", "job_id": "j", "job_type": 5}, {"country": "NG", "id_type": "BVN", "id_number": "22212345678"}
    ),
    "pictures": lambda v1, transport: transport.put_stream(v1, iter([b"zip"]), "application/zip"),
}


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def trusted_here(ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By this machine, as a public authority is by every one."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)


@pytest.mark.usefixtures("trusted_here")
def test_doctor_is_content_with_modern_encryption() -> None:
    context = context_with(AUTHORITY.issue_cert("127.0.0.1"))
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    with serving(context) as server:
        seen = inspect_tls(server.url)

    assert seen == TlsState("TLSv1.3")
    assert finding_of(seen, server.url).state == State.OK


@pytest.mark.usefixtures("trusted_here")
@pytest.mark.parametrize("kind", BAD)
def test_doctor_finds_what_browsers_would_not_trust(kind: str, tmp_path: Path) -> None:
    with serving(BAD[kind](tmp_path)) as server:
        seen = inspect_tls(server.url)

    assert seen is not None
    assert (seen.is_reached, seen.version) == (True, "")
    assert finding_of(seen, server.url).state == State.BAD


@pytest.mark.usefixtures("trusted_here")
def test_doctor_finds_old_versions_and_weak_suites_beside_good_ones() -> None:
    old, weak = (context_with(AUTHORITY.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)) for _ in range(2))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
    weak.set_ciphers("ALL")
    found = []
    for context in (old, weak):
        with serving(context) as server:
            found.append(inspect_tls(server.url))

    assert [(seen.takes_old_versions, seen.takes_weak_suites) for seen in found if seen] == [
        (True, True),
        (False, True),
    ]
    assert [finding_of(seen, server.url).state for seen in found] == [State.BAD, State.WARN]


def test_doctor_does_not_take_silence_for_a_fault(free_address: str) -> None:
    seen = inspect_tls(free_address)

    assert finding_of(seen, free_address).state == State.UNKNOWN
    assert inspect_tls("http://desk.example.com") is None


@pytest.fixture
def free_address() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return f"https://127.0.0.1:{port}"


def finding_of(seen: TlsState | None, url: str) -> Finding:
    scene: Any = SimpleNamespace(encryption=seen, settings=SimpleNamespace(is_https=url.startswith("https")))
    return network.encryption(scene)


def test_good_certificate_lets_requests_through(ca_file: str) -> None:
    """Without this, the zeros below would prove nothing."""
    with (
        serving(context_with(AUTHORITY.issue_cert("127.0.0.1"))) as server,
        Transport(f"{server.url}/v1", ca_file=ca_file, timeout=(2, 2)) as transport,
    ):
        CALLS["job status"](f"{server.url}/v1", transport)

    assert b"signature" in server.received


@pytest.mark.parametrize("kind", BAD)
def test_bad_certificate_gets_no_request_at_all(
    kind: str, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    # What people set to get past such errors.
    for name in ("PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, "0" if name == "PYTHONHTTPSVERIFY" else "")

    with serving(BAD[kind](tmp_path)) as server:
        for call in CALLS.values():
            with (
                Transport(f"{server.url}/v1", ca_file=ca_file, timeout=(2, 2)) as transport,
                pytest.raises(TransportFailed, match="secure connection") as failed,
            ):
                call(f"{server.url}/v1", transport)
            assert API_KEY not in str(failed.value)
        reached = send_attempt(f"{server.url}/hooks/smile", b"canary-body")

    print(f"certificate {kind}: {len(CALLS) + 1} calls, {len(server.received)} bytes of requests received")
    assert reached.failed_at == "encryption"
    assert server.received == b""


def test_proxy_of_the_environment_is_not_asked(ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(context_with(AUTHORITY.issue_cert("127.0.0.1"))) as server,
        socket.create_server(("127.0.0.1", 0)) as proxy,
    ):
        proxy.settimeout(0.2)
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")

        with Transport(f"{server.url}/v1", ca_file=ca_file, timeout=(2, 2)) as transport:
            CALLS["job status"](f"{server.url}/v1", transport)

        with pytest.raises(TimeoutError):
            proxy.accept()
    assert b"job_status" in server.received


def test_redirect_is_not_followed(ca_file: str) -> None:
    """It would carry the signed request to wherever the answer says."""
    with serving(context_with(AUTHORITY.issue_cert("127.0.0.1"))) as other:
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other.url}/v1/job_status\r\nContent-Length: 0\r\n\r\n"
        with (
            redirecting(answer.encode()) as url,
            Transport(url, timeout=(2, 2)) as transport,
            pytest.raises(SmileError) as failed,
        ):
            CALLS["lookup"](url, transport)

    assert other.handshakes == 0
    assert API_KEY not in str(failed.value)


@contextmanager
def redirecting(answer: bytes) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                read_request(connection)
                connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        thread.join()
