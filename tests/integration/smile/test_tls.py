"""Our client and certificates: whom it does not trust learns nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from dashboard.smile import TransportFailed
from tests.integration.smile.clients import BVN, Client, our_client, params, selfie
from tests.integration.smile.simulator import Simulator

CALLS: dict[str, Callable[[Client, Path], Any]] = {
    "upload": lambda client, folder: client.web_api.submit_job(params(4), [selfie(folder)]),
    "lookup": lambda client, _: client.id_api.submit_job(params(5), BVN),
    "job status": lambda client, _: client.job_status(params(5)),
    "web token": lambda client, _: client.web_token("user-1", "job-1", "biometric_kyc"),
}


@pytest.fixture(params=["another authority", "the usual authorities"])
def wrong_ca_file(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "the usual authorities":
        return None
    path = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return str(path)


@pytest.mark.parametrize("call", CALLS)
def test_server_that_is_not_trusted_gets_nothing(
    tls_simulator: Simulator, image_folder: Path, wrong_ca_file: str | None, call: str
) -> None:
    before = tls_simulator.control("GET", "requests.json")

    with (
        our_client(tls_simulator.v1, ca_file=wrong_ca_file) as client,
        pytest.raises(TransportFailed) as failed,
    ):
        CALLS[call](client, image_folder)

    assert str(failed.value) == "The secure connection to Smile failed."
    assert (failed.value.may_retry, failed.value.maybe_sent) == (True, False)
    assert tls_simulator.control("GET", "requests.json") == before


def test_environment_does_not_change_whom_our_client_trusts(
    tls_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls_simulator.ca_file))

    with our_client(tls_simulator.v1) as client, pytest.raises(TransportFailed) as failed:
        CALLS["lookup"](client, Path())

    assert failed.value.maybe_sent is False


def test_certificate_has_to_name_the_host(tls_simulator: Simulator) -> None:
    other_name = tls_simulator.v1.replace("127.0.0.1", "localhost")

    with our_client(other_name, ca_file=tls_simulator.ca_file) as client, pytest.raises(TransportFailed) as failed:
        CALLS["lookup"](client, Path())

    assert failed.value.maybe_sent is False


@pytest.mark.parametrize("call", CALLS)
def test_the_wrong_scheme_is_a_failed_transport(
    simulator: Simulator, tls_simulator: Simulator, image_folder: Path, call: str
) -> None:
    for url in (simulator.v1.replace("http:", "https:"), tls_simulator.v1.replace("https:", "http:")):
        with our_client(url) as client, pytest.raises(TransportFailed) as failed:
            CALLS[call](client, image_folder)

        assert failed.value.may_retry is True
