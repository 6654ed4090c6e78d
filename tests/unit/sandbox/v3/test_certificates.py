"""The simulator's own certificate, and the same simulator over TLS."""

import stat
from pathlib import Path

import pytest
import requests
import time_machine

from dashboard.sandbox.certificates import load_or_make_certificate
from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings


def test_certificate_is_made_once_for_the_owner(tmp_path: Path) -> None:
    cert_file, key_file = load_or_make_certificate(tmp_path / "new")
    before = cert_file.read_bytes()

    assert load_or_make_certificate(tmp_path / "new") == (cert_file, key_file)
    assert cert_file.read_bytes() == before
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["expired", "no certificate"])
def test_certificate_that_cannot_be_used_is_made_anew(tmp_path: Path, damage: str) -> None:
    with time_machine.travel("2020-01-01"):
        cert_file, _ = load_or_make_certificate(tmp_path)
    if damage == "no certificate":
        cert_file.write_text("x")
    before = cert_file.read_bytes()

    load_or_make_certificate(tmp_path)

    assert cert_file.read_bytes() != before


def test_one_simulator_is_served_with_and_without_tls(tmp_path: Path) -> None:
    settings = SandboxSettings(instance_dir=tmp_path)
    with SandboxServer(settings, also_tls_port=0) as server:
        trusted = str(tmp_path / "sandbox-tls-cert.pem")
        plain = requests.get(f"{server.url}/_sandbox/credentials.json", timeout=10).json()
        secure = requests.get(f"{server.tls_url}/_sandbox/credentials.json", timeout=10, verify=trusted).json()

    assert server.tls_url.startswith("https://")
    assert plain == secure
