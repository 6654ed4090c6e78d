"""A wheel built from this checkout and installed elsewhere runs just as the checkout does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.integration.conftest import free_ports, wait_until_up

CHECKOUT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `dashboard` command of an environment that knows nothing of the checkout."""
    if not UV.exists():
        pytest.skip("uv is not beside this Python: the wheel was not built")
    folder = tmp_path_factory.mktemp("wheel")
    _run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, CHECKOUT)
    _run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv")
    wheel = next(folder.glob("*.whl"))
    python = folder / "venv/bin/python"
    _run(UV, "pip", "install", "--quiet", "--python", python, "-r", CHECKOUT / "requirements.lock", wheel)
    return folder / "venv/bin/dashboard"


def test_the_demo_of_an_installed_wheel_serves_every_file_its_pages_name(installed: Path, tmp_path: Path) -> None:
    port = free_ports(3)  # the demo's simulator takes the two after that of its web
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DASHBOARD_", "PYTHON"))}
    with open(tmp_path / "demo.log", "wb") as log:
        demo = subprocess.Popen(
            [installed, "demo", "--port", str(port)], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(f"{address}/readyz", demo)
        page = requests.get(f"{address}/sign-in", timeout=30)
        files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        answers = {file: requests.get(address + file, timeout=30).status_code for file in files}
        console = requests.get(f"http://127.0.0.1:{port + 1}/", timeout=30)
    finally:
        demo.terminate()
        demo.wait(30)
        print((tmp_path / "demo.log").read_text())  # shown when the test fails

    assert page.status_code == 200
    assert len(files) >= 3
    assert set(answers.values()) == {200}, answers
    assert console.status_code == 200
    assert "Traceback" not in (tmp_path / "demo.log").read_text()


def _run(*command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        timeout=600,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
