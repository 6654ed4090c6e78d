"""Half an hour of everything at once: after the first minutes the web process grows no more, nor do its files."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import make_url

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import seeded_sqlite
from tests.factories.callbacks import encode
from tests.integration.callbacks.senders import Author, Sender
from tests.integration.callbacks.short_of_space import descendants
from tests.integration.conftest import Deployment, Staff
from tests.integration.connections import IDLE, held
from tests.integration.jobs.test_every_product import BVN, SELFIE

MINUTES, MINUTES_TO_WARM_UP = 30.0, 3.0
SECONDS_BETWEEN_SAMPLES = 5.0
#: More data than the caches of the database hold: on an empty one they would fill for half the time.
JOBS = 1_000
#: The lists with filters and searches, the exports, the forms, and what else is looked at all day.
PAGES = (
    "/jobs", "/jobs?state=done", "/jobs?needs=attention", "/jobs?product=biometric_kyc", "/jobs.json", "/jobs.csv",
    "/jobs/new", "/jobs/new?product=document_verification", "/callbacks", "/callbacks?verdict=confirmed",
    "/callbacks?q=job", "/callbacks.json", "/callbacks/refused", "/callbacks/refused.csv", "/links", "/links.json",
    "/links/new", "/settings", "/settings/callbacks", "/settings/health", "/settings/health.json", "/team", "/audit",
    "/audit.csv", "/account", "/privacy", "/nothing-here", "/readyz",
)  # fmt: skip
MEMBERS = ("ada", "ben", "ben", "cleo")
IDLE_CONNECTIONS = 128


@dataclass(frozen=True)
class Sample:
    minute: float
    megabytes: float
    descriptors: int
    wal_megabytes: float


@dataclass
class Load:
    deployment: Deployment
    stop: Event = field(default_factory=Event)
    answers: Counter[int] = field(default_factory=Counter)
    jobs: list[str] = field(default_factory=list)

    def read(self, number: int) -> None:
        """A member who goes from page to page, and polls as htmx does."""
        chance = random.Random(number)
        staff = self.deployment.staff(MEMBERS[number])
        for turn in count():
            if self.stop.wait(0.05):
                return
            path = chance.choice(PAGES)
            if self.jobs and turn % 3 == 0:
                job = chance.choice(self.jobs[-500:])
                path = chance.choice((f"/jobs/{job}", f"/jobs/{job}.json", f"/jobs/{job}/status?seen={turn}"))
            self._count(staff.get(path).status_code)

    def create(self) -> None:
        staff = self.deployment.staff("ben")
        requests = ({"product": "enhanced_kyc", **BVN}, None), ({"product": "biometric_kyc", **BVN}, SELFIE)
        while not self.stop.wait(0.5):
            data, files = random.choice(requests)
            self.jobs.append(staff.create_job(data, files))
            self._count(303)

    def call_back(self) -> None:
        sender, author = Sender(self.deployment.web_url), Author()
        while not self.stop.wait(0.02):
            self._count(sender.send(author.write()).status)
        sender.close()

    def be_a_stranger(self) -> None:
        """Guesses codes of links, and sends callbacks that nobody signed; each is another one."""
        stranger, sender = Staff(self.deployment.web_url), Sender(self.deployment.web_url)
        for number in count():
            if self.stop.wait(0.2):
                break
            self._count(stranger.get(f"/v/{number:022}").status_code)
            self._count(sender.send(encode({"SmileJobID": str(number), "signature": "?", "timestamp": "?"})).status)
        sender.close()

    def _count(self, status: int) -> None:
        self.answers[status] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [Thread(target=self.read, args=(number,)) for number in range(len(MEMBERS))]
        threads += [Thread(target=each) for each in (self.create, self.call_back, self.be_a_stranger)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()


def measure(folder: Path, minutes: float = MINUTES, say: Callable[[str], None] = lambda _: None) -> list[Figure]:
    seeded_sqlite(folder, JOBS)
    with deployed(folder) as deployment:
        load = Load(deployment)
        with held(deployment.web_url, IDLE, IDLE_CONNECTIONS), load.running():
            samples = list(_samples(deployment, minutes, say))
    warm = [sample for sample in samples if sample.minute >= MINUTES_TO_WARM_UP]
    first, last = _typical(warm[: len(warm) // 9 or 1]), _typical(warm[-(len(warm) // 9 or 1) :])
    growth = 100 * (last.megabytes / first.megabytes - 1)
    failed = sum(count for status, count in load.answers.items() if status >= 500)
    sizes = " MB, then ".join(f"{sample.megabytes:.0f}" for sample in (samples[0], first, last))
    return [
        Figure(f"growth of web in {minutes:.0f} minutes", growth, "%", 5, is_at_least=False,
               details=f"at first {sizes} MB"),
        Figure("... of its descriptors", last.descriptors - first.descriptors, "of them", 8, is_at_least=False,
               details=f"{first.descriptors} warm, {last.descriptors} at last"),
        Figure("... largest write-ahead log", max(sample.wal_megabytes for sample in samples), "MB", 64, False),
        Figure("... answers with 5xx", failed, f"of {load.answers.total()}", 0, is_at_least=False),
    ]  # fmt: skip


def _samples(deployment: Deployment, minutes: float, say: Callable[[str], None]) -> Iterator[Sample]:
    path = Path(make_url(deployment.environment["DASHBOARD_DATABASE_URL"]).database or "")
    pid = deployment.processes["web"].pid
    began = time.monotonic()
    while (minute := (time.monotonic() - began) / 60) < minutes:
        pids = [pid, *descendants(pid)]
        descriptors = sum(len(list(Path(f"/proc/{each}/fd").iterdir())) for each in pids)
        wal = path.with_name(path.name + "-wal")
        sample = Sample(minute, sum(map(_megabytes, pids)), descriptors, wal.stat().st_size / 1e6)
        say(f"{sample}")
        yield sample
        time.sleep(SECONDS_BETWEEN_SAMPLES)


def _megabytes(pid: int) -> float:
    """What the process holds itself. How much of its files' pages counts as its own depends on who else runs."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


def _typical(samples: list[Sample]) -> Sample:
    """Each figure's median."""
    middle = len(samples) // 2
    return Sample(
        samples[middle].minute,
        sorted(sample.megabytes for sample in samples)[middle],
        sorted(sample.descriptors for sample in samples)[middle],
        sorted(sample.wal_megabytes for sample in samples)[middle],
    )
