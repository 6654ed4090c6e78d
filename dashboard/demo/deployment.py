"""The demo's own secrets and database, and the three processes that it runs."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

import requests

SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
#: Secrets that are made once and kept, so that the data of the last demo can still be read.
MADE_SECRETS: Mapping[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_hex(32),
    "encryption_keys": lambda: b64encode(secrets.token_bytes(32)).decode(),
    "smile_api_keys": lambda: secrets.token_hex(16),
}
PARTNER_ID = "002"


class DemoFailed(Exception):
    """A process of the demo did not start, or ended by itself; the text says which."""


def demo_environment(instance_dir: Path, port: int, fresh: bool) -> dict[str, str]:
    """The environment of the three processes. Secrets are made on the first run and kept with the data."""
    if fresh and instance_dir.exists():
        shutil.rmtree(instance_dir)
    instance_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    variables = {
        f"DASHBOARD_{name.upper()}": _kept_secret(instance_dir / name, make) for name, make in MADE_SECRETS.items()
    }
    return (
        os.environ
        | variables
        | {
            "DASHBOARD_INSTANCE_DIR": str(instance_dir),
            "DASHBOARD_DATABASE_URL": f"sqlite:///{instance_dir / 'dashboard.db'}",
            "DASHBOARD_QUEUE_URL": f"sqlite:///{instance_dir / 'queue.db'}",
            "DASHBOARD_PUBLIC_URL": f"http://localhost:{port}",
            "DASHBOARD_SMILE_SERVER": f"http://127.0.0.1:{port + 1}/v1",
            "DASHBOARD_SMILE_WEB_SCRIPT_URL": f"http://127.0.0.1:{port + 1}/inline/v1/js/script.min.js",
            "DASHBOARD_SMILE_V12_SCRIPT_URL": f"http://127.0.0.1:{port + 1}/inline/v12/js/script.min.js",
            "DASHBOARD_SMILE_PARTNER_ID": PARTNER_ID,
            "DASHBOARD_IS_DEMO": "true",
        }
    )


def run_processes(environment: Mapping[str, str], port: int, when_up: Callable[[], None]) -> None:
    """Starts all three, calls `when_up` once they answer, and stops all when one ends or a signal comes."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    commands = {
        "sandbox": [
            "sandbox",
            "--port",
            str(port + 1),
            "--also-tls-port",
            str(port + 2),
            "--store",
            f"{environment['DASHBOARD_INSTANCE_DIR']}/sandbox.db",
            # The demo has no TLS, and Smile's v3 API sends callbacks to https addresses only.
            "--set",
            "allow_http_on_loopback=true",
        ],
        "worker": ["worker"],
        "web": ["web", "--host", "127.0.0.1", "--port", str(port)],
    }
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, arguments in commands.items():
            processes[name] = _start(arguments, environment)
        _wait_until_up(f"http://127.0.0.1:{port}/readyz", processes, stop)
        _wait_until_up(f"http://127.0.0.1:{port + 1}/", processes, stop)
        if not stop.is_set():
            when_up()
        while not stop.wait(0.3):
            _check_alive(processes)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(arguments: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A process group of its own: Ctrl-C reaches only this process, which stops the others in order.
    return subprocess.Popen(  # noqa: S603  # our own command with arguments made above
        [sys.executable, "-m", "dashboard", *arguments], env=dict(environment), start_new_session=True
    )


def _wait_until_up(address: str, processes: Mapping[str, subprocess.Popen[bytes]], stop: Event) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and not stop.is_set():
        _check_alive(processes)
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            stop.wait(0.1)
    if not stop.is_set():
        raise DemoFailed(f"{address} did not answer within {SECONDS_TO_START} s")


def _check_alive(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise DemoFailed(f"the {name} process ended with {process.returncode}; is its port taken?")


def _kept_secret(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(make())
    return path.read_text(encoding="utf-8")
