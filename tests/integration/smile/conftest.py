"""A simulator that every test of these files may share, over http and over TLS, and quick waits for Smile's client."""

import importlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from dashboard.smile import transport
from tests.integration.smile.recorder import Recorder, recording
from tests.integration.smile.simulator import Simulator, running


@pytest.fixture(scope="module", autouse=True)
def quick_waits_without_a_proxy() -> Iterator[None]:
    """Smile's client sleeps two seconds before each question, and would use a proxy of the environment."""
    pause = time.sleep

    class Clock:
        @staticmethod
        def sleep(_seconds: float) -> None:
            pause(0.05)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("smile_id_core.WebApi"), "time", Clock)
        patch.setattr(transport, "RETRY_WAIT_SECONDS", 0.02)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def tls_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("tls-simulator")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    names = ("cert.pem", "key.pem", "ca.pem")
    cert_file, key_file, ca_file = (folder / name for name in names)
    certificate.cert_chain_pems[0].write_to_path(cert_file)
    certificate.private_key_pem.write_to_path(key_file)
    authority.cert_pem.write_to_path(ca_file)
    tls = ("--tls-cert", str(cert_file), "--tls-key", str(key_file))
    with running(folder, *tls, ca_file=str(ca_file)) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture
def recorder(simulator: Simulator) -> Iterator[Recorder]:
    with recording(simulator.url) as recorder:
        yield recorder
