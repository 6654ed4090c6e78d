"""The real thing: simulator, web and worker as processes of their own, on free ports, with quick waits."""

import os
import shutil
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import randrange
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dashboard import migrations
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.stored_settings import WORKER_SEEN, read_setting
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY
from tests.factories.team import PASSWORD, SECOND_STEP, app_code, make_member
from tests.integration.prepared import kill_group, start_command

API_KEY = "integration-api-key-0001"
PARTNER_ID = "002"
SECONDS_TO_START = 70


@dataclass
class Deployment:
    """One deployment under test; `start` and `kill` its processes by name."""

    environment: dict[str, str]
    web_url: str
    sandbox_url: str
    database: Database
    log_dir: Path
    processes: dict[str, BaseProcess] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, **extra: str) -> BaseProcess:
        process = start_command(arguments or (name,), self.environment | extra, self.log_dir / f"{name}.log")
        self.processes[name] = process
        return process

    def start_web(self) -> None:
        self.start("web", "web", "--port", str(urlsplit(self.web_url).port))

    def start_sandbox(self, *options: str) -> None:
        port = str(urlsplit(self.sandbox_url).port)
        self.start("sandbox", "sandbox", "--port", port, "--partner-id", PARTNER_ID, "--api-key", API_KEY, *options)

    def wait_for_worker(self, since: datetime) -> None:
        """Until the worker's clock has struck: from then on a task waits for nothing but the tasks before it."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            assert self.processes["worker"].is_alive(), f"the worker ended: {self.logs()}"
            with self.database.reading() as session:
                seen = read_setting(session, WORKER_SEEN)
            if seen and datetime.fromisoformat(seen) >= since:
                return
            time.sleep(0.05)
        raise AssertionError("the worker did not begin to work")

    def start_worker(self) -> None:
        since = utc_now()
        self.start("worker")
        self.wait_for_worker(since)

    def wait_until_up(self, name: str) -> None:
        url = {"web": f"{self.web_url}/readyz", "sandbox": f"{self.sandbox_url}/_sandbox/jobs.json"}[name]
        wait_until_up(url, self.processes[name])

    def kill(self, name: str) -> None:
        """kill -9 of the process and of what it started."""
        kill_group(self.processes.pop(name))

    def stop(self) -> None:
        for name in list(self.processes):
            process = self.processes.pop(name)
            process.terminate()
            process.join(10)
            if process.is_alive():
                kill_group(process)
        self.database.dispose()

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.log_dir.glob("*.log")))

    def staff(self, name: str = "ben") -> "Staff":
        member = make_member(self.database, name)
        staff = Staff(self.web_url)
        answer = staff.post("/sign-in", {"email": member.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code
        if answer.headers["Location"] == SECOND_STEP:
            answer = staff.post(SECOND_STEP, {"code": app_code()})
            assert answer.status_code == 303, answer.status_code
        return staff

    def settings(self) -> Settings:
        """What its processes were told, for factories that work on its database."""
        told = {name for name in self.environment if name.startswith("DASHBOARD_")}
        return Settings(**{name.removeprefix("DASHBOARD_").lower(): self.environment[name] for name in told})  # type: ignore[arg-type]

    def sandbox(self, method: str, path: str, **arguments: Any) -> Any:
        answer = requests.request(method, self.sandbox_url + path, timeout=10, **arguments)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def charged(self) -> dict[str, int]:
        """How often the simulator charged for each job id."""
        jobs = self.sandbox("GET", "/_sandbox/jobs.json")
        return {job_id: job["charged"] for job_id, job in jobs.items()}


class Staff:
    """A member's browser, as far as HTTP goes: cookies, and the token of a form."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self.http.get(self.base_url + path, timeout=30, allow_redirects=False, **arguments)

    def post(self, path: str, data: dict[str, Any] | None = None, files: Any = None) -> requests.Response:
        page = self.get(path if path.startswith("/sign-in") else "/account").text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        return self.http.post(
            self.base_url + path,
            data={**(data or {}), "csrf_token": token},
            files=files,
            timeout=30,
            allow_redirects=False,
            headers={"Origin": self.base_url},
        )

    def create_job(self, data: dict[str, Any], files: Any = None) -> str:
        """The id of the new job, from the address that the form leads to."""
        answer = self.post("/jobs", data, files)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.get(f"/jobs/{job_id}.json")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_for(self, job_id: str, until: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        job = self.job(job_id)
        while not until(job):
            if time.monotonic() > deadline:
                raise AssertionError(f"the job still is: {job}")
            time.sleep(0.1)
            job = self.job(job_id)
        return job


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row.

    No other test process on this machine gets them: this one keeps the UDP sockets of these numbers, which no server
    here needs. They are below the ports that the system gives to outgoing connections. So nothing takes a port
    between this question and the server that is started for it, or while that server is started again.
    """
    while True:
        first = randrange(10_000, 32_000 - count)
        with ExitStack() as stack, suppress(OSError):
            reservations = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
            for port, reservation in enumerate(reservations, first):
                reservation.bind(("127.0.0.1", port))
                with socket.socket() as server:
                    server.bind(("127.0.0.1", port))
            _RESERVED.extend(reservation.detach() for reservation in reservations)
            while len(_RESERVED) > MOST_RESERVED:
                os.close(_RESERVED.popleft())
            return first


#: File descriptors, kept until the process ends. It never uses as many ports at a time.
_RESERVED: deque[int] = deque()
MOST_RESERVED = 200


def wait_until_up(url: str, process: BaseProcess | subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        ended_with = process.exitcode if isinstance(process, BaseProcess) else process.poll()
        assert ended_with is None, f"the process behind {url} ended with {ended_with}"
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError(f"{url} did not answer")


QUICK_WAITS = {
    "DASHBOARD_SMILE_CONNECT_TIMEOUT": "1",
    "DASHBOARD_SMILE_READ_TIMEOUT": "1.5",
    "DASHBOARD_LEASE": "1.5",
    "DASHBOARD_SWEEP_EVERY": "0.2",
    "DASHBOARD_RETRY_WAITS": "0.2,0.3,0.5,0.5,1,1,1,1",
    "DASHBOARD_CHECK_WAITS": "0.3,0.3,0.5,0.5,1,1,1,1,1,1,1,1",
    "DASHBOARD_CHECK_EVERY_AFTER": "2",
    "DASHBOARD_ZIP_LOST_AFTER": "1",
    "DASHBOARD_CLOCK_RETRY_WAIT": "1",
}
QUICK_SANDBOX = (
    "--set", "result_delay_seconds=[0.05, 0.2]",
    "--set", "review_delay_seconds=1.0",
    "--set", "callback_retry_delays_seconds=[0.3, 0.5, 1.0]",
    "--set", "callback_timeout_seconds=3",
    "--set", "allow_http_on_loopback=true",
    "--set", "v3_lookups_per_number=100000",
    "--set", "v3_blocked_from_lookups=100000",
)  # fmt: skip


def start_deployment(
    folder: Path, database_url: str, keyring: KeyRing, names: tuple[str, ...] = (), **extra: str
) -> Deployment:
    web_port, sandbox_port = free_port(), free_port()
    database = Database(database_url, keyring)
    assert migrations.is_current(database)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DASHBOARD_")}
    environment |= QUICK_WAITS | {
        "DASHBOARD_SECRET_KEY": SECRET_KEY,
        "DASHBOARD_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "DASHBOARD_DATABASE_URL": database_url,
        "DASHBOARD_QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
        "DASHBOARD_INSTANCE_DIR": str(folder),
        "DASHBOARD_PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "DASHBOARD_SMILE_SERVER": f"http://127.0.0.1:{sandbox_port}/v1",
        "DASHBOARD_SMILE_WEB_SCRIPT_URL": f"http://127.0.0.1:{sandbox_port}/inline/v1/js/script.min.js",
        "DASHBOARD_SMILE_V12_SCRIPT_URL": f"http://127.0.0.1:{sandbox_port}/inline/v12/js/script.min.js",
        "DASHBOARD_SMILE_PARTNER_ID": PARTNER_ID,
        "DASHBOARD_SMILE_API_KEYS": API_KEY,
    }
    urls = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
    deployment = Deployment(environment | extra, *urls, database, folder)
    try:
        _start(deployment, names or ("sandbox", "web", "worker"))
    except BaseException:
        deployment.stop()
        raise
    return deployment


def _start(deployment: Deployment, wanted: Sequence[str]) -> None:
    if "sandbox" in wanted:
        deployment.start_sandbox(*QUICK_SANDBOX)
    if "web" in wanted:
        deployment.start_web()
    since = utc_now()
    if "worker" in wanted:
        deployment.start("worker")
    for name in ("sandbox", "web"):
        if name in wanted:
            deployment.wait_until_up(name)
    if "worker" in wanted:
        deployment.wait_for_worker(since)


@pytest.fixture
def deploy(tmp_path: Path, database_url: str, keyring: KeyRing) -> Iterator[Callable[..., Deployment]]:
    """`deploy()` starts all three processes; `deploy("sandbox", "web")` only those."""
    with ExitStack() as stack:

        def start(*names: str, **extra: str) -> Deployment:
            deployment = start_deployment(tmp_path, database_url, keyring, names, **extra)
            stack.callback(deployment.stop)
            return deployment

        yield start


@pytest.fixture(scope="module")
def shared_deployment(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, keyring: KeyRing
) -> Iterator[Deployment]:
    """One deployment on SQLite for all tests of a file; each test leaves the simulator's switches as they were."""
    folder = tmp_path_factory.mktemp("deployment")
    path = folder / "dashboard.db"
    shutil.copyfile(migrated_sqlite, path)
    waits = {"DASHBOARD_SMILE_READ_TIMEOUT": "0.7", "DASHBOARD_CALLBACK_EXPECTED_WITHIN": "1.5"}
    deployment = start_deployment(folder, f"sqlite:///{path}", keyring, **waits)
    yield deployment
    deployment.stop()
