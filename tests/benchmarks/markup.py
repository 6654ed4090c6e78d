"""1,000 texts that look like markup in every field that others fill, and every page that shows them, in Chromium."""

from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.security.planting import ECHOING, REFLECTING, REFLECTING_OUTSIDE, echo, plant
from tests.browser.security.watching import Windows
from tests.factories.markup import in_bundles, markup
from tests.integration.conftest import Deployment

TEXTS = 1_000
IN_ONE_FIELD = 4  # longer ones would be cut where facts of a callback are kept
FINDINGS = {
    "ran": "scripts run",
    "foreign": "requests to others",
    "unexpected": "requests of our own that no page makes",
    "violations": "breaches of the policy",
    "elements": "elements made of a text",
    "missing": "texts that are not shown",
}


def measure(folder: Path) -> list[Figure]:
    texts = markup(TEXTS)
    with (
        deployed(folder, "sandbox", "web", DASHBOARD_TRUSTED_PROXIES="1") as deployment,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with Windows(browser, deployment) as windows:
            look_at_everything(windows, deployment, texts)
            found, pages = windows.findings(), windows.pages()
        browser.close()
    for kind in FINDINGS:
        for each in found.get(kind, [])[:5]:
            print(f"       {kind}: {each}")
    details = f"{len(texts)} texts on {pages} pages"
    return [
        Figure(f"markup: {words}", len(found.get(kind, [])), "", 0, is_at_least=False, details=details)
        for kind, words in FINDINGS.items()
    ]


def look_at_everything(windows: Windows, deployment: Deployment, texts: list[str]) -> None:
    for visit in plant(deployment, in_bundles(texts, len(texts) // IN_ONE_FIELD)).pages:
        windows.visit(visit)
    for number, text in enumerate(texts):
        member, paths = ("ben", REFLECTING) if number % 2 else (None, REFLECTING_OUTSIDE)
        windows.of(member).look_at(paths[number % len(paths)].format(text=quote(text, safe="")))
    for path in ECHOING:
        for text in in_bundles(texts, 40):
            windows.of(ECHOING[path][0] or None).look_at_answer(echo(windows.staff, path, text))
