"""The processes of `dashboard web`: one address, one start line, and all of them end together."""

import os
import signal
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from dashboard.web.serving.asgi import PAGE_THREADS
from tests.integration.callbacks.short_of_space import descendants
from tests.integration.conftest import Deployment

SECONDS = 30.0
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def port_of(deployment: Deployment) -> str:
    return str(urlsplit(deployment.web_url).port)


def log_of(deployment: Deployment, name: str) -> list[str]:
    return (deployment.log_dir / f"{name}.log").read_text().splitlines()


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + SECONDS
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < deadline, pids
        time.sleep(0.05)


@ON_SQLITE
@pytest.mark.parametrize("command", ["web", "sandbox"])
def test_second_process_on_the_port_is_refused_in_one_line(deploy: Callable[..., Deployment], command: str) -> None:
    deployment = deploy(command)
    url = deployment.web_url if command == "web" else deployment.sandbox_url
    port = str(urlsplit(url).port)

    second = deployment.start("second", command, "--port", port)

    second.join(SECONDS)
    assert second.exitcode == 1
    assert log_of(deployment, "second") == [
        f"Error: another program listens on port {port} of 127.0.0.1; stop it, or choose another --port"
    ]
    assert requests.get(url, timeout=SECONDS, allow_redirects=False).status_code < 500


@ON_SQLITE
def test_process_that_serves_ends_with_its_killed_parent(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("web")
    web = deployment.processes.pop("web")
    serving = descendants(web.pid)
    assert serving

    web.kill()
    web.join()

    wait_until_gone(serving)
    deployment.start_web()  # at the same address
    deployment.wait_until_up("web")


@ON_POSTGRESQL
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_several_processes_serve_one_address_and_end_together(
    deploy: Callable[..., Deployment], number: signal.Signals
) -> None:
    deployment = deploy("sandbox")
    web = deployment.start("web", "web", "--port", port_of(deployment), "--workers", "3")
    deployment.wait_until_up("web")
    deadline = time.monotonic() + SECONDS
    while len(serving := descendants(web.pid)) < 3:
        assert time.monotonic() < deadline, serving

    os.kill(deployment.processes.pop("web").pid, number)
    web.join(SECONDS)

    wait_until_gone(serving)


@ON_SQLITE
def test_several_processes_are_refused_on_sqlite(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("sandbox")

    web = deployment.start("web", "web", "--port", port_of(deployment), "--workers", "2")

    web.join(SECONDS)
    assert web.exitcode == 1
    assert log_of(deployment, "web") == [
        "Error: SQLite has one writer, so only one process can serve it: leave --workers out, or move to PostgreSQL"
    ]


@pytest.mark.both_engines
def test_start_is_one_line_without_a_secret(deploy: Callable[..., Deployment], database_url: str) -> None:
    deployment = deploy("web", "worker")
    database = "PostgreSQL" if database_url.startswith("postgresql") else "SQLite"

    [web] = [line for line in log_of(deployment, "web") if "web_starts" in line]
    [worker] = [line for line in log_of(deployment, "worker") if "worker_starts" in line]

    assert f"url={deployment.web_url}" in web
    assert f"database={database}" in web
    assert "processes=1" in web
    assert f"threads={PAGE_THREADS}" in web
    assert f"database={database}" in worker
    assert "queue=SQLite" in worker
    assert "threads=4" in worker
    assert database_url not in web + worker
