"""An hour at the desk beside a million jobs, in Chromium and by keyboard alone: each step until its page is settled.

Run with `SCALE_FOLDER` to use the database that `make bench scale` keeps there. `PICTURES` names a folder for pictures
of the pages: at two widths, in two themes.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from time import perf_counter

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from dashboard.crypto import KeyRing
from tests.benchmarks.finding import common_names
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import LARGE, seeded_sqlite
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import ENCRYPTION_KEY
from tests.integration.conftest import Deployment, start_deployment

MOST_MS = 1000.0
#: Each step is done so many times, and the slowest counts, after a first one that fills caches.
ROUNDS = 3
#: No element is further away than this. Nobody presses as often: pages have a skip link, lists and tables are short.
MOST_TABS = 250
MEMORY_MB = 400.0
SETTLED = (
    "document.readyState === 'complete' && !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')"
)


class Desk:
    """One member at one window. Notes how long each step takes, from the key to the settled page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.taken: dict[str, list[float]] = {}

    def go_round(self) -> None:
        page = self.page
        page.goto("/jobs")
        self.follow("the overview", "Overview", page.get_by_role("heading", name="The last 14 days"))
        self.follow("the list of jobs", "Jobs", self.rows.first)
        self.choose("a first filter", "outcome", "rejected")
        self.choose("a second filter", "country", "Kenya")
        self.follow("the form of a view", "Save view", page.get_by_role("heading", name="Save a view"))
        self.tab_to(page.get_by_label("Name", exact=True))
        page.keyboard.type(f"Rejected in Kenya {token_hex(4)}")
        view = page.get_by_role("navigation", name="Saved views").locator("[aria-current=page]")
        self.step("the saved view", lambda: page.keyboard.press("Enter"), view)
        page.keyboard.press("/")
        page.keyboard.type(self.name[:-1])
        people = page.get_by_role("group", name="People with this name").get_by_role("option")
        self.step("people with a name, while it is typed", lambda: page.keyboard.type(self.name[-1]), people.first)
        page.keyboard.press("ArrowDown")
        job = page.get_by_role("heading", level=1)
        self.step("the first of them", lambda: page.keyboard.press("Enter"), job, url=r"/jobs/[0-9a-f-]{36}")
        self.follow("the reports", "Reports", page.locator(".chart canvas").first)
        self.follow("another report", "Outcomes", page.get_by_role("heading", name="Outcomes by").first)
        self.follow("another period", "Last 90 days", page.locator(".chart canvas").first, url="period=90d")
        number = page.locator("#report-groups td a").first
        self.tab_to(number)
        self.step("the jobs of a number", lambda: page.keyboard.press("Enter"), self.rows.first, url=r"/jobs\?")

    @property
    def rows(self) -> Locator:
        return self.page.locator("tr:has(.row-link)")

    def follow(self, what: str, name: str, shown: Locator, *, url: str = "") -> None:
        self.tab_to(self.page.get_by_role("link", name=name, exact=True).first)
        self.step(what, lambda: self.page.keyboard.press("Enter"), shown, url=url)

    def choose(self, what: str, field: str, typed: str) -> None:
        self.tab_to(self.page.locator(f"form.filters select[name={field}]"))
        self.page.keyboard.type(typed)
        # With the keyboard, a choice counts once its field is left.
        self.step(what, lambda: self.page.keyboard.press("Tab"), self.rows.first, url=rf"[?&]{field}=\w")

    def step(self, what: str, act: Callable[[], object], shown: Locator, *, url: str = "") -> None:
        began = perf_counter()
        act()
        if url:
            self.page.wait_for_url(re.compile(url))
        shown.wait_for(state="visible")
        self.page.wait_for_function(SETTLED)
        self.taken.setdefault(what, []).append((perf_counter() - began) * 1000)

    def tab_to(self, wanted: Locator) -> None:
        wanted.wait_for(state="attached")
        for _ in range(MOST_TABS):
            if wanted.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {wanted}")


def measure(folder: Path) -> list[Figure]:
    kept = Path(os.environ.get("SCALE_FOLDER", folder))
    url = seeded_sqlite(kept / str(LARGE), LARGE)
    deployment = start_deployment(folder, url, KeyRing.from_base64([ENCRYPTION_KEY]), ("web",))
    try:
        return _measure(deployment)
    finally:
        deployment.stop()


def _measure(deployment: Deployment) -> list[Figure]:
    with deployment.database.reading() as session:
        name = common_names(session)[0].split()[-1].lower()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # The pages' policy would not let the watching function in.
        context = browser.new_context(base_url=deployment.web_url, bypass_csp=True)
        context.add_cookies(_cookies(deployment))
        desk = Desk(context.new_page(), name)
        for _ in range(ROUNDS + 1):
            desk.go_round()
        if pictures := os.environ.get("PICTURES"):
            _take_pictures(browser, deployment, Path(pictures))
        browser.close()
    slowest = {what: max(taken[1:]) for what, taken in desk.taken.items()}
    figures = [
        Figure(f"{what}, beside {LARGE:,} jobs", taken, "ms", MOST_MS, is_at_least=False)
        for what, taken in slowest.items()
    ]
    return [*figures, Figure("memory of web afterwards", _resident_mb(deployment), "MB", MEMORY_MB, is_at_least=False)]


def _cookies(deployment: Deployment) -> list[dict[str, str]]:
    jar = deployment.staff("ada").http.cookies
    return [{"name": each.name, "value": each.value or "", "url": deployment.web_url} for each in jar]


def _resident_mb(deployment: Deployment) -> float:
    status = Path(f"/proc/{deployment.processes['web'].pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000


PICTURED = {
    "overview": "/",
    "jobs": "/jobs",
    "two-filters": "/jobs?outcome=rejected&country=KE",
    "views": "/views",
    "report": "/reports?report=outcomes&period=90d",
    "callbacks": "/callbacks",
    "audit": "/audit",
    "health": "/settings/health",
}


def _take_pictures(browser: Browser, deployment: Deployment, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in ((390, 844), (1280, 800)):
        for theme in ("light", "dark"):
            size = {"width": width, "height": height}
            context = browser.new_context(base_url=deployment.web_url, viewport=size, color_scheme=theme)
            context.add_cookies(_cookies(deployment))
            page = context.new_page()
            for name, path in PICTURED.items():
                page.goto(path)
                page.wait_for_timeout(500)
                page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"))
            context.close()
