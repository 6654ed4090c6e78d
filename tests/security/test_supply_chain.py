"""What is installed is what was looked at: each package pinned with its hash, counted, under a licence we allow."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sbom

HERE = Path(sbom.__file__).parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==", re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_its_hashes_and_without_an_address(name: str) -> None:
    text = (HERE / name).read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if PIN.match(entry)]
    first_lines = [line for line in text.splitlines() if line and line[0] not in " #-"]

    print(f"{name}: {len(entries)} packages")
    assert len(entries) == len(first_lines) > 40
    assert [entry[:60] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_libraries_of_the_pages_are_counted_with_their_hashes() -> None:
    by_name = {component["name"]: component for component in sbom.page_libraries()}

    assert set(json.loads((HERE / "package.json").read_text())["dependencies"]) <= set(by_name)
    for component in by_name.values():
        assert len(component["hashes"][0]["content"]) == 128
        assert component["licenses"]


@pytest.mark.parametrize(("allowed", "exit_code"), [(None, 0), ("MIT", 1)])
def test_licence_that_is_not_allowed_is_found(allowed: str | None, exit_code: int) -> None:
    packages = ["flask", "redis", "psycopg"]
    choice = ["--allow-only", allowed] if allowed else []
    command = [str(Path(sys.executable).with_name("pip-licenses")), "--packages", *packages, *choice]

    answer = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)

    assert answer.returncode == exit_code, answer.stderr
