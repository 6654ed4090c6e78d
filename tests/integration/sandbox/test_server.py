"""The server itself: kept connections, faults on the wire, TLS, signals, and jobs that outlive a kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings
from tests.unit.sandbox import calls

RUN = """
import sys
from pathlib import Path
from dashboard.sandbox.server import run_sandbox
from dashboard.sandbox.settings import SandboxSettings
folder = Path(sys.argv[1])
settings = SandboxSettings(instance_dir=folder, store_path=folder / "sandbox.sqlite3",
                           result_delay_seconds=(float(sys.argv[2]),) * 2)
run_sandbox("127.0.0.1", 0, "002", sys.argv[3], settings=settings, on_ready=lambda url: print(url, flush=True))
"""


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts the simulator as a process of its own; gives the process and its address."""
    started: list[subprocess.Popen[str]] = []

    def start(delay: float = 0.0) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path), str(delay), calls.API_KEY],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def fault(server: SandboxServer, **settings: Any) -> None:
    requests.post(f"{server.url}/_sandbox/faults", json=settings, timeout=30).raise_for_status()


def prepare(url: str, job_id: str = "job-1", timeout: float = 5.0) -> requests.Response:
    return requests.post(f"{url}/v1/upload", json=calls.upload_body(calls.params(job_id)), timeout=timeout)


def status(url: str, job_id: str = "job-1") -> dict[str, Any]:
    found: dict[str, Any] = requests.post(f"{url}/v1/job_status", json=calls.status_body(job_id), timeout=30).json()
    return found


def is_prepared(server: SandboxServer) -> bool:
    return "job-1" in requests.get(f"{server.url}/_sandbox/jobs.json", timeout=30).json()


def test_connection_is_kept_between_requests(server: SandboxServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    request = f"GET /v1/services HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    missing = f"POST /v1/nothing HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc".encode()

    with socket.create_connection((host, int(port)), timeout=30) as connection:
        file = connection.makefile("rb")
        codes = [_read_status(connection, file, text) for text in (request, missing, request)]
        file.close()

    assert codes == [200, 404, 200]


def _read_status(connection: socket.socket, file: Any, request: bytes) -> int:
    connection.sendall(request)
    code = int(file.readline().split()[1])
    length = 0
    while (line := file.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    file.read(length)
    return code


@pytest.mark.parametrize(("when", "processed"), [("before", False), ("after", True)])
def test_dropped_connection_gets_no_answer(server: SandboxServer, when: str, processed: bool) -> None:
    fault(server, path="/v1/upload", mode="drop", when=when)

    with pytest.raises(requests.ConnectionError):
        prepare(server.url)

    assert is_prepared(server) is processed


def test_truncated_answer_was_processed(server: SandboxServer) -> None:
    fault(server, path="/v1/upload", mode="truncate", times=1)

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        prepare(server.url)

    assert is_prepared(server)


def test_delayed_answer_was_processed_before_the_wait(server: SandboxServer) -> None:
    fault(server, path="/v1/upload", mode="delay", delay_seconds=30)

    with pytest.raises(requests.ReadTimeout):
        prepare(server.url, timeout=0.3)

    assert is_prepared(server)


def test_short_delay_only_waits(server: SandboxServer) -> None:
    fault(server, path="/v1/upload", mode="delay", delay_seconds=0.2)
    began = time.monotonic()

    answer = prepare(server.url)

    assert answer.json()["code"] == "2202"
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("mode", ["drop", "truncate", "status", "garbage"])
def test_fault_can_strike_the_zip_upload(server: SandboxServer, mode: str) -> None:
    upload_url = prepare(server.url).json()["upload_url"]
    fault(server, path="/uploads/", mode=mode, times=1, status=503)

    def put() -> int:
        headers = {"Content-Type": "application/zip"}
        return requests.put(upload_url, data=calls.make_zip(), headers=headers, timeout=30).status_code

    if mode in ("drop", "truncate"):
        with pytest.raises(requests.RequestException):
            put()
    else:
        assert put() == 503
    assert put() == 200
    report = requests.get(f"{server.url}/_sandbox/jobs.json", timeout=30).json()["job-1"]
    assert report["charged"] == 1


def test_put_without_a_declared_length_is_refused(server: SandboxServer) -> None:
    upload_url = prepare(server.url).json()["upload_url"]

    answer = requests.put(
        upload_url, data=iter([calls.make_zip()]), headers={"Content-Type": "application/zip"}, timeout=30
    )

    assert (answer.status_code, "MissingContentLength" in answer.text) == (411, True)


def test_broken_off_zip_is_not_taken(server: SandboxServer) -> None:
    upload_url = prepare(server.url).json()["upload_url"]
    host, port = server.url.removeprefix("http://").split(":")
    path = upload_url.removeprefix(server.url)
    head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/zip\r\nContent-Length: 999\r\n\r\n"

    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + calls.make_zip())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)

    assert status(server.url)["code"] == "2314"


def test_served_over_tls_with_https_addresses(serve: Callable[..., SandboxServer], tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    server = serve(tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")

    body = calls.upload_body(calls.params())
    answer = requests.post(
        f"{server.url}/v1/upload", json=body, verify=str(tmp_path / "ca.pem"), timeout=30
    ).json()  # fmt: skip

    assert server.url.startswith("https://")
    assert answer["upload_url"].startswith(server.url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_cleanly(spawn: Callable[..., tuple[subprocess.Popen[str], str]], number: int) -> None:
    process, url = spawn()
    prepare(url)

    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=30)

    assert process.returncode == 0
    assert (output, errors) == ("", "")


def test_killed_simulator_keeps_its_jobs_and_takes_them_up(
    spawn: Callable[..., tuple[subprocess.Popen[str], str]],
) -> None:
    process, url = spawn(delay=0.5)
    upload_url = prepare(url).json()["upload_url"]
    headers = {"Content-Type": "application/zip"}
    requests.put(upload_url, data=calls.make_zip(), headers=headers, timeout=30).raise_for_status()
    prepare(url, "job-2")
    process.kill()
    process.wait(timeout=30)

    _, url = spawn(delay=0.5)
    deadline = time.monotonic() + 30
    while not (found := status(url))["job_complete"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert found["result"]["ResultCode"] == "0810"
    assert status(url, "job-2")["code"] == "2314"
    assert prepare(url).json()["code"] == "2215"


def test_each_simulator_makes_up_its_own_key() -> None:
    first, second = SandboxSettings(), SandboxSettings()

    assert first.api_key != second.api_key
    assert first.api_key not in repr(first)
