"""Many open lists beside many changes: what is drawn again, what is not, and what 200 tabs take of one core.

On SQLite, and on PostgreSQL where DASHBOARD_TEST_POSTGRES_URL names one.
"""

import http.client
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from itertools import count, cycle, repeat
from pathlib import Path
from random import Random
from statistics import median, quantiles
from threading import Event, Thread
from urllib.parse import urlsplit
from uuid import UUID

import brotli
from sqlalchemy import create_engine, make_url, text
from sqlmodel import col, select, update

from dashboard import migrations
from dashboard.app import create_app
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, Outcome
from tests.benchmarks.load import drive, get_request
from tests.benchmarks.report import Figure
from tests.benchmarks.serving import serve
from tests.conftest import ENCRYPTION_KEY, let_in
from tests.factories.rollups import add, fold_all, job_at
from tests.factories.team import make_member
from tests.integration.conftest import Deployment, start_deployment

ROUNDS = 5
CLIENTS = 8
TABS = 200
PAGE = 50
JOBS = 500
CHANGES_EACH_SECOND = 20
SECONDS_BETWEEN_POLLS = 3.0  # as desk.js has it
SECONDS = 20.0
SECONDS_BETWEEN_PAGES = 0.25
STATES = (
    {"state": JobState.WAITING},
    {"state": JobState.DONE, "outcome": Outcome.APPROVED},
    {"state": JobState.DONE, "outcome": Outcome.REJECTED, "result_code": "1011"},
)


def measure(folder: Path) -> list[Figure]:
    figures = _measure_on(f"sqlite:///{folder / 'dashboard.db'}", folder, "SQLite")
    if postgres := os.environ.get("DASHBOARD_TEST_POSTGRES_URL"):
        with _schema(postgres) as url:
            figures += _measure_on(url, folder, "PostgreSQL")
    return figures


@contextmanager
def _schema(postgres: str) -> Iterator[str]:
    """A schema of its own, thrown away at the end."""
    name = f"desk_busy_{os.getpid()}"
    engine = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    try:
        yield f"{postgres}?options=-csearch_path%3D{name}"
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


def _measure_on(url: str, folder: Path, engine: str) -> list[Figure]:
    keyring = KeyRing.from_base64([ENCRYPTION_KEY])
    migrations.upgrade(Database(url, keyring))
    deployment = start_deployment(folder, url, keyring, ("sandbox", "web", "worker"))
    with serve("hello", folder) as hello, ExitStack() as stack:
        stack.callback(deployment.stop)
        desk = Desk.of(deployment)
        hello_request = get_request(hello + "/")

        def beside_hello(what: str, budget: float, status: int, requests: Callable[[], Iterator[bytes]]) -> Figure:
            rounds = []
            for _ in range(ROUNDS):
                base = drive(hello, repeat(hello_request), 200, clients=CLIENTS).per_second
                mine = drive(deployment.web_url, requests(), status, clients=CLIENTS).per_second
                rounds.append((mine, base))
            ratio = median(mine / base for mine, base in rounds)
            speeds = f"{median(mine for mine, _ in rounds):.0f}/s beside {median(base for _, base in rounds):.0f}/s"
            return Figure(f"{engine}: {what}, of hello", ratio, "x", budget, details=speeds)

        figures = [
            beside_hello("a list of 50 rows, drawn", 0.10, 200, lambda: cycle(desk.lists())),
            beside_hello("a job's live part, drawn", 0.20, 200, lambda: repeat(desk.job())),
        ]
        with desk.changing(desk.jobs[: -2 * PAGE]):
            quiet = beside_hello("a poll beside 20 changes elsewhere", 0.50, 204, lambda: cycle(desk.polls()))
        figures.append(quiet)
        for where, jobs in (("elsewhere", desk.jobs[: -2 * PAGE]), ("on their page", desk.jobs[-PAGE:])):
            figures += desk.watched(f"{engine}: {TABS} tabs beside 20 changes {where}", jobs)
    return figures


@dataclass
class Tab:
    """One list in a browser: its sign-in, and the address that it asks next."""

    cookie: str
    address: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "HX-Request": "true"}


@dataclass
class Desk:
    """A deployment with jobs, a job whose page is open, and tabs that show the list."""

    deployment: Deployment
    job_id: str
    jobs: Sequence[UUID]  # the newest last
    tabs: Sequence[Tab]
    drawn: "count[int]" = field(default_factory=count)

    @classmethod
    def of(cls, deployment: Deployment) -> "Desk":
        staff, database = deployment.staff(), deployment.database
        request = {"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "id_number": "00000000000"}
        job_id = staff.create_job(request)
        staff.wait_for(job_id, lambda job: job["state"] == "done")
        now = utc_now()
        made = [
            job_at(now - timedelta(minutes=JOBS - number), customer_reference=f"ref-{number}", **STATES[number % 3])
            for number in range(JOBS)
        ]
        add(database, *made)
        fold_all(database, utc_now())
        with database.reading() as session:
            jobs = session.exec(select(Job.id).order_by(col(Job.id))).all()
        tabs = [Tab(cookie, f"/jobs?top={jobs[-1]}") for cookie in _sign_ins(deployment)]
        desk = cls(deployment, job_id, jobs, tabs)
        for tab in tabs:
            desk.poll(http.client.HTTPConnection(urlsplit(deployment.web_url).netloc), tab)
        return desk

    def lists(self) -> list[bytes]:
        """Requests that find nothing to compare with, so that the list is drawn."""
        address = f"{self.deployment.web_url}/jobs?top={self.jobs[-1]}"
        return [get_request(address, tab.headers) for tab in self.tabs]

    def polls(self) -> list[bytes]:
        return [get_request(self.deployment.web_url + tab.address, tab.headers) for tab in self.tabs]

    def job(self) -> bytes:
        return get_request(f"{self.deployment.web_url}/jobs/{self.job_id}/status", self.tabs[0].headers)

    @contextmanager
    def changing(self, jobs: Sequence[UUID]) -> Iterator[None]:
        """20 of these jobs change each second, as the worker would change them. No count changes."""
        ended, chance = Event(), Random(1)

        def change() -> None:
            while not ended.wait(1 / CHANGES_EACH_SECOND):
                with self.deployment.database.transaction_of_statements() as connection:
                    values = {"version": col(Job.version) + 1, "changed_at": utc_now()}
                    connection.execute(update(Job).where(col(Job.id) == chance.choice(jobs)).values(values))

        thread = Thread(target=change)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def watched(self, what: str, changing: Sequence[UUID]) -> list[Figure]:
        """What the web process takes while all tabs poll at their own pace, and how long a person waits for a page."""
        pages: list[float] = []
        with self.changing(changing), ThreadPoolExecutor(CLIENTS + 1) as threads:
            begin, cpu = time.monotonic(), self._cpu_seconds()
            until = begin + SECONDS
            ways = [self.tabs[number::CLIENTS] for number in range(CLIENTS)]
            polling = [threads.submit(self._keep_polling, way, until) for way in ways]
            threads.submit(self._open_pages, until, pages).result()
            answers = [status for each in polling for status in each.result()]
            share = (self._cpu_seconds() - cpu) / (time.monotonic() - begin) * 100
        drawn = answers.count(200) / len(answers) * 100
        details = f"{len(answers) / SECONDS:.0f} polls/s, {drawn:.0f} % drawn, {len(pages) / SECONDS:.0f} pages/s"
        page = quantiles(pages, n=100, method="inclusive")[98] * 1000
        return [
            Figure(f"{what}, of one core", share, "%", 30, is_at_least=False, details=details),
            Figure(f"{what}, p99 of a whole page", page, "ms", 150, is_at_least=False),
        ]

    def poll(self, connection: http.client.HTTPConnection, tab: Tab) -> int:
        """Asks as the tab would, and notes the address in the answer."""
        connection.request("GET", tab.address, headers=tab.headers | {"Accept-Encoding": "br"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            found = re.search(r'hx-get="([^"]*)"', brotli.decompress(body).decode())
            assert found
            tab.address = unescape(found[1])
        return answer.status

    def _keep_polling(self, tabs: Sequence[Tab], until: float) -> list[int]:
        connection = http.client.HTTPConnection(urlsplit(self.deployment.web_url).netloc)
        begin, answers = time.monotonic(), []
        for number in count():
            due = begin + number * SECONDS_BETWEEN_POLLS / len(tabs)
            if due > until:
                return answers
            time.sleep(max(0.0, due - time.monotonic()))
            answers.append(self.poll(connection, tabs[number % len(tabs)]))
        raise AssertionError

    def _open_pages(self, until: float, seconds: list[float]) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.deployment.web_url).netloc)
        while time.monotonic() < until:
            begin = time.perf_counter()
            connection.request("GET", "/jobs", headers={"Cookie": self.tabs[0].cookie, "Accept-Encoding": "br"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            seconds.append(time.perf_counter() - begin)
            time.sleep(SECONDS_BETWEEN_PAGES)

    def _cpu_seconds(self) -> float:
        pid = self.deployment.processes["web"].pid
        assert pid
        return _cpu_seconds_of(pid)


def _sign_ins(deployment: Deployment) -> list[str]:
    """The cookies of as many browsers as there are tabs."""
    app, member = (
        create_app(deployment.settings(), database=deployment.database),
        make_member(deployment.database, "ben"),
    )
    cookies = []
    for _ in range(TABS):
        client = app.test_client()
        let_in(client, member)
        cookies.append("; ".join(f"{cookie.key}={cookie.value}" for cookie in client._cookies.values()))
    return cookies


def _cpu_seconds_of(pid: int) -> float:
    """Of a process and all that it started."""
    tasks = Path(f"/proc/{pid}/task")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = [int(each) for task in tasks.iterdir() for each in (task / "children").read_text().split()]
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_cpu_seconds_of, children))
