"""The simulator as a process of its own, and the switches and looks inside that tests need."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests

from tests.integration.conftest import SECONDS_TO_START
from tests.integration.prepared import kill_group, start_command

PARTNER_ID = "002"
API_KEY = "integration-api-key-0002"
#: Nobody listens there: what comes back by callback is not the subject here.
CALLBACK = "http://127.0.0.1:9/hooks/smile"
QUICK = ("result_delay_seconds=[0.0, 0.02]", "review_delay_seconds=0.4", "callback_retry_delays_seconds=[]")

SAYS_WHERE = re.compile(r"^Simulator on (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Simulator:
    """url: without a path. ca_file: what the simulator's own looks inside have to trust."""

    url: str
    ca_file: str | None = None

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        verify = self.ca_file or True
        url = f"{self.url}/_sandbox/{path}"
        answer = requests.request(method, url, json=body or None, timeout=30, verify=verify)
        answer.raise_for_status()
        return answer.json()

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.control("GET", "jobs.json")[job_id])

    def times_struck(self) -> int:
        return sum(fault["struck"] for fault in self.control("GET", "faults")["faults"])


@contextmanager
def running(folder: Path, *options: str, ca_file: str | None = None) -> Iterator[Simulator]:
    """Started on a port that it chooses itself, so that none can be taken meanwhile."""
    arguments = ["sandbox", "--port", "0", "--partner-id", PARTNER_ID, "--api-key", API_KEY]
    for choice in QUICK:
        arguments += ["--set", choice]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DASHBOARD_")}
    environment["DASHBOARD_INSTANCE_DIR"] = str(folder)
    log = folder / "sandbox.log"
    process = start_command([*arguments, *options], environment, log)
    try:
        yield Simulator(_address_in(log, process), ca_file)
    finally:
        process.terminate()
        process.join(10)
        if process.is_alive():
            kill_group(process)


def _address_in(log: Path, process: BaseProcess) -> str:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.is_alive(), log.read_text()
        if found := SAYS_WHERE.search(log.read_text() if log.exists() else ""):
            return found[1]
        time.sleep(0.02)
    raise AssertionError(f"the simulator did not start: {log.read_text()}")
