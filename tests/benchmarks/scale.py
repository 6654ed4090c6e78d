"""Every list, filter, pair of filters, search, deep page and export: a million jobs beside a thousand.

A page of more rows takes longer at any size. Where a thousand jobs have fewer rows to show, the time that so many more
rows of that list take beside a thousand jobs is added to their page. An export is made before its first byte is sent,
so what is compared is its time for 1,000 rows.

`SCALE_JOBS` makes the large database smaller; `SCALE_FOLDER` keeps the SQLite databases there for the next run.
`SCALE_POSTGRES` names two PostgreSQL databases that are there already, with a space between them. `SCALE_ENGINES` and
`SCALE_KINDS`, with commas, choose what is measured: of the engines, and of the kinds of pages, find and reports.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from html import unescape
from itertools import combinations
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from requests import Response
from sqlmodel import SQLModel, col, func, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback
from dashboard.crypto import KeyRing
from dashboard.jobs.models import Job
from dashboard.links.models import Link
from tests.benchmarks.finding import find_figure
from tests.benchmarks.periodic import on_postgres
from tests.benchmarks.report import Figure
from tests.benchmarks.report_pages import measure_reports
from tests.conftest import ENCRYPTION_KEY, POSTGRES_URL, SECRET_KEY
from tests.integration.conftest import API_KEY, PARTNER_ID, Deployment, Staff, start_deployment

SMALL, LARGE = 1_000, int(os.environ.get("SCALE_JOBS", "1000000"))
#: A page may take so many times as long as beside a thousand jobs, or it is quick enough anyway.
MOST_TIMES, QUICK_MS = 1.5, 20.0
OVERVIEW_MS = 300
KINDS = ("lists", "filters", "pairs of filters", "searches", "deep pages", "exports", "overview", "find", "reports")
ENGINES = ("sqlite", "postgresql")
#: Of pages. An export is long enough to be measured once.
ROUNDS, TRIES = 5, 3
#: An export of fewer rows is compared as a page is: most of its time is not for its rows.
FEW_ROWS = 100
SECONDS_TO_EXPORT = 3600
LISTS: dict[str, type[SQLModel]] = {"/jobs": Job, "/callbacks": Callback, "/links": Link, "/audit": AuditEntry}
OTHERS = ("/team", "/privacy", "/settings", "/settings/callbacks", "/settings/privacy", "/settings/health", "/readyz",
          "/callbacks/refused", "/callbacks/today.json", "/jobs/new", "/links/new", "/account")  # fmt: skip
EXPORTS = ("/jobs.csv", "/audit.csv", "/audit/export.json", "/callbacks/refused.csv")
SELECT = re.compile(r'<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>', re.DOTALL)
OPTION = re.compile(r'<option value="([^"]+)"')
#: Finds nothing in any list.
NOTHING = {"since": "2999-12-31"}


@dataclass
class Size:
    """One deployment with so many jobs, and a member who looks at everything."""

    deployment: Deployment
    staff: Staff

    def read(self, path: str) -> tuple[float, int]:
        """How many milliseconds the answer takes, and how many rows it has."""
        began = time.perf_counter()
        answer = self.staff.http.get(self.staff.base_url + path, timeout=SECONDS_TO_EXPORT, allow_redirects=False)
        taken = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return taken, _rows_in(answer)

    def find(self, texts: Sequence[str]) -> dict[str, float]:
        """How many milliseconds the answers below the box take for each text, each the median of some tries."""
        page = self.staff.get("/account").text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        headers, taken = {"Origin": self.staff.base_url, "HX-Request": "true"}, {}
        for text in texts:
            tries = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                data = {"q": text, "csrf_token": token}
                answer = self.staff.http.post(f"{self.staff.base_url}/find", data=data, headers=headers, timeout=60)
                tries.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200
            taken[text] = median(tries)
        return taken

    def text_of(self, path: str) -> str:
        return self.staff.get(path).text

    def row_milliseconds(self, path: str) -> float:
        """What a row adds to a page of this list."""
        turns = [(self.read(path), self.read(_at(path, NOTHING))) for _ in range(ROUNDS * TRIES)]
        (full, rows), (empty, header) = map(min, zip(*turns, strict=True))
        return max(0.0, full - empty) / max(1, rows - header)

    def key_in_the_middle(self, table: type[SQLModel]) -> str:
        """The key of a row with as many rows before it as after it."""
        key = col(table.sequence if table is AuditEntry else table.id)  # type: ignore[attr-defined]
        with self.deployment.database.reading() as session:
            count = session.exec(select(func.count()).select_from(table)).one()
            return str(session.exec(select(key).order_by(key).offset(count // 2).limit(1)).one())


@dataclass(frozen=True)
class Timing:
    path: str
    small: float
    large: float
    added: float = 0.0  # to `small`, for the rows that only the large one has
    unit: str = "ms"

    @property
    def times(self) -> float:
        return self.large / (self.small + self.added)

    @property
    def is_slow(self) -> bool:
        return self.times > MOST_TIMES and self.large > (QUICK_MS if self.unit == "ms" else 0)

    def __str__(self) -> str:
        more = f" and {self.added:.0f} for more rows" if self.added >= 1 else ""
        return f"{self.path} {self.large:.0f} {self.unit} beside {self.small:.0f}{more}"


def measure(folder: Path) -> list[Figure]:
    kept = Path(os.environ.get("SCALE_FOLDER", folder))
    figures = []
    if "sqlite" in _chosen("SCALE_ENGINES", ENGINES):
        figures += _measure_engine("SQLite", folder, [seeded_sqlite(kept / str(jobs), jobs) for jobs in (SMALL, LARGE)])
    if "postgresql" not in _chosen("SCALE_ENGINES", ENGINES):
        return figures
    if there := os.environ.get("SCALE_POSTGRES"):
        return figures + _measure_engine("PostgreSQL", folder, there.split())
    if not POSTGRES_URL:
        print("       PostgreSQL was not tried: DASHBOARD_TEST_POSTGRES_URL is not set")
        return figures
    with ExitStack() as stack:
        urls = []
        for jobs in (SMALL, LARGE):
            database = stack.enter_context(on_postgres())
            url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            _seed(folder / f"postgres-{jobs}", url, jobs)
            urls.append(url)
        return figures + _measure_engine("PostgreSQL", folder, urls)


def _chosen(variable: str, all_of_them: Sequence[str]) -> Sequence[str]:
    chosen = os.environ.get(variable, "").split(",")
    return [each for each in all_of_them if each in chosen] or all_of_them


def seeded_sqlite(folder: Path, jobs: int) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'dashboard.db'}"
    _seed(folder, url, jobs)
    return url


def _seed(folder: Path, url: str, jobs: int) -> None:
    """Runs the command that people run. It continues or leaves what an earlier run made."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DASHBOARD_")} | {
        "DASHBOARD_SECRET_KEY": SECRET_KEY,
        "DASHBOARD_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "DASHBOARD_DATABASE_URL": url,
        "DASHBOARD_INSTANCE_DIR": str(folder),
        "DASHBOARD_SMILE_PARTNER_ID": PARTNER_ID,
        "DASHBOARD_SMILE_API_KEYS": API_KEY,
        "DASHBOARD_SMILE_SERVER": "http://127.0.0.1:8001/v1",
        "DASHBOARD_PUBLIC_URL": "http://127.0.0.1:8000",
    }
    amounts = ("--jobs", str(jobs), "--sign-ins", str(jobs // 10), "--audit-lines", str(jobs * 5))
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "seed", *amounts],
        env=environment, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    print(f"       {jobs:,} jobs in {time.monotonic() - began:,.0f} s: {done.stdout.splitlines()[-1]}", flush=True)


def _measure_engine(engine: str, folder: Path, urls: Sequence[str]) -> list[Figure]:
    with ExitStack() as stack:
        sizes = []
        for number, url in enumerate(urls):
            place = folder / f"{engine}-{number}"
            place.mkdir()
            deployment = start_deployment(place, url, KeyRing.from_base64([ENCRYPTION_KEY]), ("web",))
            stack.callback(deployment.stop)
            sizes.append(Size(deployment, deployment.staff("ada")))
        small, large = sizes
        of_rows = {path: small.row_milliseconds(path) for path in (*LISTS, *(f"{path}.json" for path in LISTS))}
        figures, kinds = list[Figure](), _chosen("SCALE_KINDS", KINDS)
        for kind, paths in _pages(large):
            if kind not in kinds:
                continue
            if kind == "exports":
                timings = [_timed_export(small, large, path) for path in paths]
            else:
                timings = [_timed(small, large, path, of_rows.get(path.partition("?")[0], 0.0)) for path in paths]
            figures.append(_figure(f"{kind} on {engine}", timings))
        if "overview" in kinds:
            figures.append(_overview(engine, large))
        if "find" in kinds:
            figures.append(find_figure(engine, large.find, large.deployment.database))
        if "reports" in kinds:
            read = large.read
            figures += measure_reports(engine, lambda path: read(path)[0], large.text_of, large.deployment.database)
        return figures


def _overview(engine: str, large: Size) -> Figure:
    """The first page, which shows far more than a list does: its whole time counts."""
    large.read("/")  # which also fills caches
    taken = median(large.read("/")[0] for _ in range(ROUNDS * TRIES))
    return Figure(f"overview of {LARGE:,} jobs on {engine}", taken, "ms", OVERVIEW_MS, is_at_least=False)


def _pages(large: Size) -> Iterator[tuple[str, list[str]]]:
    """The kinds of pages, each with its addresses, found by reading the forms of the lists."""
    values = {path: _filter_values(large.staff.get(path).text) for path in LISTS}
    yield "lists", [*LISTS, *(f"{path}?sort=oldest" for path in LISTS if path != "/audit"), *OTHERS]
    yield "filters", [_at(path, {name: value}) for path in LISTS for name, value in _singles(values[path])]
    yield (
        "pairs of filters",
        [
            _at(path, {one: values[path][one][0], other: values[path][other][-1]})
            for path in LISTS
            for one, other in combinations(values[path], 2)
        ],
    )
    yield "searches", _searches(large)
    places = {path: large.key_in_the_middle(table) for path, table in LISTS.items()}
    yield "deep pages", [_at(path, {"after": place}) for path, place in places.items()]
    yield "exports", list(EXPORTS)


def _filter_values(page: str) -> dict[str, list[str]]:
    """The first, middle and last choice of every filter of a list."""
    found = {}
    for name, options in SELECT.findall(page):
        values = [unescape(value) for value in OPTION.findall(options)]
        if name != "sort" and values:
            found[name] = [values[0], values[len(values) // 2], values[-1]]
    return found


def _singles(values: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name, some in values.items():
        for value in dict.fromkeys(some):
            yield name, value


def _searches(large: Size) -> list[str]:
    """Texts that many rows have, that one row has, and that none has. Programs may put them into the address."""
    with large.deployment.database.reading() as session:
        job = session.exec(select(Job).order_by(col(Job.id)).offset(SMALL).limit(1)).one()
    typed = [job.user_id, job.job_id, str(job.id), job.customer_reference, "00000000000", "0812", "no such text", "zz"]
    return [_at(f"{path}.json", {"q": text}) for path in ("/jobs", "/callbacks", "/links") for text in typed if text]


def _at(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}"


def _timed(small: Size, large: Size, path: str, row_milliseconds: float) -> Timing:
    """A page that seems slow is timed again: something else may have been running."""
    (_, few), (_, many) = small.read(path), large.read(path)  # which also fills caches
    added, turns = max(0, many - few) * row_milliseconds, list[tuple[float, float]]()
    for _ in range(TRIES):
        turns += [(small.read(path)[0], large.read(path)[0]) for _ in range(ROUNDS)]
        timing = Timing(path, *map(min, zip(*turns, strict=True)), added)
        if not timing.is_slow:
            break
    return timing


def _timed_export(small: Size, large: Size, path: str) -> Timing:
    (few_ms, few), (many_ms, many) = small.read(path), large.read(path)
    if few < FEW_ROWS:
        return Timing(path, few_ms, many_ms)
    return Timing(path, few_ms / few * 1000, many_ms / many * 1000, unit="ms for 1,000 rows")


def _rows_in(answer: Response) -> int:
    """The header of a table counts too."""
    kind = answer.headers["Content-Type"].partition(";")[0]
    if kind == "text/html":
        return answer.text.count("<tr")
    if kind == "application/json":
        found = answer.json()
        return len(found.get("items", ())) if isinstance(found, dict) else 0
    return answer.text.count("\n")


def _figure(what: str, timings: Sequence[Timing]) -> Figure:
    slow = sorted((timing for timing in timings if timing.is_slow), key=lambda timing: -timing.times)
    worst = max(timings, key=lambda timing: timing.times)
    details = "; ".join(map(str, slow[:12])) or f"slowest beside: {worst}"
    quick = "" if timings[0].unit != "ms" else f" and {QUICK_MS:g} ms"
    return Figure(f"{what} slower than {MOST_TIMES:g} x{quick}", len(slow), f"of {len(timings)}", 0,
                  is_at_least=False, details=details)  # fmt: skip
