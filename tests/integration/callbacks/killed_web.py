"""The web process killed with -9 while several senders deliver callbacks to it, as often as is wished."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event

from tests.factories.callbacks import make_job
from tests.integration.callbacks.senders import (
    CONNECTION_LOST,
    Author,
    Sender,
    fingerprint,
    integrity,
    stored_bodies,
)
from tests.integration.conftest import SECONDS_TO_START, Deployment

SENDERS = 6
#: The kill falls this long after the new process acknowledged its first ones, at most.
LONGEST_WAIT = 0.4


@dataclass
class Ledger:
    """What the senders were told, and what became of it."""

    acknowledged: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    missing: int = 0
    integrity: str = ""


def kill_under_load(deployment: Deployment, kills: int, seed: int = 1) -> Ledger:
    ledger, stop, chance = Ledger(), Event(), random.Random(seed)
    author = Author()
    jobs = [make_job(deployment.database, f"job-{number}").job_id for number in range(SENDERS - 1)]

    def deliver() -> None:
        sender = Sender(deployment.web_url)
        for job_id in cycle([*jobs, "job-unknown"]):
            if stop.is_set():
                break
            body = author.write(job_id)
            try:
                status = sender.send(body).status
            except CONNECTION_LOST:
                ledger.unanswered += 1
                time.sleep(0.05)
                continue
            ledger.statuses[status] += 1
            if status == 200:
                ledger.acknowledged.add(fingerprint(body))
        sender.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        deliveries = [pool.submit(deliver) for _ in range(SENDERS)]
        try:
            for _ in range(kills):
                _wait_for_more(ledger, SENDERS)
                time.sleep(chance.uniform(0, LONGEST_WAIT))
                deployment.kill("web")
                deployment.start_web()
            _wait_for_more(ledger, SENDERS)
        finally:
            stop.set()
            deployment.kill("web")
        for delivery in deliveries:
            delivery.result()
    ledger.missing = len(ledger.acknowledged - stored_bodies(deployment.database))
    ledger.integrity = integrity(deployment.database)
    return ledger


def _wait_for_more(ledger: Ledger, count: int) -> None:
    before, deadline = len(ledger.acknowledged), time.monotonic() + SECONDS_TO_START
    while len(ledger.acknowledged) < before + count:
        assert time.monotonic() < deadline, "no callback was acknowledged after the last start"
        time.sleep(0.01)
