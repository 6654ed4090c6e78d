"""Smile's own Python client of v3, unchanged, and ours: in front of a simulator with TLS, and of a recorder."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import usesmileid

from dashboard.smile import Transport
from dashboard.smile.v3 import Client
from tests.integration.smile.simulator import API_KEY, Simulator, running
from tests.unit.smile.fake_smile import FakeSmile

CALLBACK = "https://127.0.0.1:9/hooks/smile"
PARTNER_ID = "2"


class Authority:
    """A certificate authority of these tests, and one certificate for this machine."""

    def __init__(self, folder: Path) -> None:
        self.ca_file, self.cert_file, self.key_file = (str(folder / f"{name}.pem") for name in ("ca", "cert", "key"))
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.cert_chain_pems[0].write_to_path(self.cert_file)
        certificate.private_key_pem.write_to_path(self.key_file)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def v3_simulator(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    tls = ("--tls-cert", authority.cert_file, "--tls-key", authority.key_file)
    # Long enough to find a job that is still running.
    chosen = ("result_delay_seconds=[0.1, 0.1]", "v3_status_unknown_seconds=0.0", "v3_lookups_per_number=10000")
    quick = [part for choice in chosen for part in ("--set", choice)]
    with running(tmp_path_factory.mktemp("v3"), *tls, *quick, ca_file=authority.ca_file) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


def their_client(url: str, ca_file: str, **options: Any) -> usesmileid.Client:
    return usesmileid.Client(
        **{"partner_id": PARTNER_ID, "api_key": API_KEY, "default_callback_url": CALLBACK, "base_url": url, **options},
        http_client=httpx.Client(verify=ssl.create_default_context(cafile=ca_file)),
    )


def our_client(url: str, ca_file: str) -> Client:
    transport = Transport(f"{url}/v3", ca_file=ca_file)
    return Client(PARTNER_ID, API_KEY, f"{url}/v3", default_callback=CALLBACK, transport=transport)


@pytest.fixture
def theirs(v3_simulator: Simulator, authority: Authority) -> Iterator[usesmileid.Client]:
    client = their_client(v3_simulator.url, authority.ca_file)
    yield client
    client._transport._client.close()
    v3_simulator.control("DELETE", "faults")
    v3_simulator.control("POST", "v3", refusal="")


@pytest.fixture
def recorder(authority: Authority) -> Iterator[FakeSmile]:
    """Speaks TLS, gives tokens, accepts everything, and keeps each request."""
    fake = FakeSmile()
    fake.serve_tls(authority.server_context())
    yield fake
    fake.close()
