"""Load on a deployment while one of its parts is taken away and given back, and the ledger of what became of it."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event, Lock, Thread
from typing import Any

import requests

from tests.integration.callbacks.senders import CONNECTION_LOST, Author, Sender, fingerprint, stored_bodies
from tests.integration.conftest import Deployment, Staff
from tests.integration.jobs.test_every_product import BVN, SELFIE

PAGES = ("/jobs", "/jobs.json", "/callbacks", "/account", "/settings/health", "/nothing-here", "/sign-in")
JOBS: tuple[tuple[dict[str, str], Any], ...] = (
    ({"product": "enhanced_kyc", **BVN}, None),
    ({"product": "biometric_kyc", **BVN}, SELFIE),
)
#: Who needs the lock of SQLite waits behind others that wait for it.
SECONDS_FOR_A_PAGE = 30.0
SECONDS_TO_SETTLE = 120.0
SECONDS_UNTIL_HEALTH_IS_RIGHT = 30.0


@dataclass(frozen=True)
class Part:
    """`is_named` asks whether the deployment says that this part is away; None where there is nothing to say."""

    name: str
    take_away: Callable[[], None]
    give_back: Callable[[], None]
    is_named: Callable[[Deployment, Staff], bool] | None = None


@dataclass
class OutageLedger:
    pages: Counter[int] = field(default_factory=Counter)
    callbacks: Counter[int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    jobs: list[str] = field(default_factory=list)
    missing: int = 0
    charged_twice: int = 0
    stuck: int = 0
    log_lines: int = 0
    seconds_until_named: float | None = None
    seconds_until_well: float | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def failures(self) -> int:
        """Answers that no part that is away explains."""
        return sum(count for status, count in (self.pages + self.callbacks).items() if status >= 500 and status != 503)

    def count(self, answers: Counter[int], status: int) -> None:
        with self._lock:
            answers[status] += 1

    def problems(self) -> list[str]:
        """In words; empty where all is as it has to be."""
        says = {
            f"{self.failures} answers of 5xx other than 503": self.failures,
            f"{self.missing} acknowledged callbacks missing": self.missing,
            f"{self.charged_twice} jobs charged twice": self.charged_twice,
            f"{self.stuck} jobs stuck": self.stuck,
            f"{self.log_lines} lines of log": self.log_lines >= 100,
            "the outage was not named in time": self.seconds_until_named is None,
            "health was not right in time afterwards": self.seconds_until_well is None,
        }
        return [words for words, is_wrong in says.items() if is_wrong]


def endure(deployment: Deployment, part: Part, seconds: float) -> OutageLedger:
    """Pages, callbacks and new jobs go on for a second before the outage, through its `seconds`, and after it."""
    ledger, stop = OutageLedger(), Event()
    ada, ben = deployment.staff("ada"), deployment.staff("ben")
    load = [
        Thread(target=_load_pages, args=(ada, ledger, stop)),
        Thread(target=_load_callbacks, args=(deployment, ledger, stop)),
        Thread(target=_load_jobs, args=(ben, ledger, stop)),
    ]
    lines_before = _lines(deployment)
    for thread in load:
        thread.start()
    time.sleep(1)
    assert _wait_until(lambda: bool(ledger.jobs and ledger.acknowledged)) is not None, "the load did not begin"
    part.take_away()
    began = time.monotonic()
    is_named = part.is_named or (lambda *_: True)
    ledger.seconds_until_named = _wait_until(lambda: is_named(deployment, ada))
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    part.give_back()
    still_named = part.is_named or (lambda *_: False)
    ledger.seconds_until_well = _wait_until(lambda: is_well(deployment) and not still_named(deployment, ada))
    stop.set()
    for thread in load:
        thread.join()
    _settle(deployment, ben, ledger)
    ledger.log_lines = _lines(deployment) - lines_before
    return ledger


def is_well(deployment: Deployment) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{deployment.web_url}/readyz", timeout=SECONDS_FOR_A_PAGE).status_code == 200
    return False


def readyz_says(sentence: str) -> Callable[[Deployment, Staff], bool]:
    def is_named(deployment: Deployment, _: Staff) -> bool:
        answer = requests.get(f"{deployment.web_url}/readyz", timeout=SECONDS_FOR_A_PAGE)
        return answer.status_code == 503 and sentence in answer.text

    return is_named


def health_says(sentence: str) -> Callable[[Deployment, Staff], bool]:
    def is_named(_: Deployment, ada: Staff) -> bool:
        answer = ada.get("/settings/health.json")
        return answer.status_code == 200 and sentence in answer.text

    return is_named


def _load_pages(staff: Staff, ledger: OutageLedger, stop: Event) -> None:
    while not stop.is_set():
        for path in PAGES:
            answer = staff.get(path)
            ledger.count(ledger.pages, answer.status_code)
        stop.wait(0.05)


def _load_callbacks(deployment: Deployment, ledger: OutageLedger, stop: Event) -> None:
    sender, author = Sender(deployment.web_url), Author()
    while not stop.wait(0.02):
        body = author.write()
        with suppress(*CONNECTION_LOST):
            answer = sender.send(body)
            ledger.count(ledger.callbacks, answer.status)
            if answer.status == 200:
                ledger.acknowledged.add(fingerprint(body))
    sender.close()


def _load_jobs(staff: Staff, ledger: OutageLedger, stop: Event) -> None:
    page = staff.get("/account").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    for request, files in cycle(JOBS):
        if stop.wait(0.3):
            return
        answer = staff.http.post(
            f"{staff.base_url}/jobs",
            data=request | {"csrf_token": token},
            files=files,
            timeout=60,
            allow_redirects=False,
            headers={"Origin": staff.base_url},
        )
        ledger.count(ledger.pages, answer.status_code)
        if answer.status_code == 303:
            ledger.jobs.append(answer.headers["Location"].rpartition("/")[2])


def _settle(deployment: Deployment, staff: Staff, ledger: OutageLedger) -> None:
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    ids = set()
    for job_id in ledger.jobs:
        job = staff.job(job_id)
        while job["state"] != "done" and time.monotonic() < deadline:
            time.sleep(0.2)
            job = staff.job(job_id)
        ledger.stuck += job["state"] != "done"
        ids.add(job["job_id"])
    ledger.charged_twice = sum(count > 1 for job_id, count in deployment.charged().items() if job_id in ids)
    ledger.missing = len(ledger.acknowledged - stored_bodies(deployment.database))


def _wait_until(condition: Callable[[], bool]) -> float | None:
    began = time.monotonic()
    while time.monotonic() - began < SECONDS_UNTIL_HEALTH_IS_RIGHT:
        if condition():
            return time.monotonic() - began
        time.sleep(0.2)
    return None


def _lines(deployment: Deployment) -> int:
    """Of web and worker; the simulator's own do not count."""
    logs = (deployment.log_dir / f"{name}.log" for name in ("web", "worker"))
    return sum(log.read_text(errors="replace").count("\n") for log in logs)
