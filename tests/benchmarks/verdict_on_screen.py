"""From the press of Run to the verdict on the screen, in Chromium, while Smile takes 200 ms for each answer."""

import re
from pathlib import Path
from statistics import median, quantiles
from time import monotonic

from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks.deployments import deployed
from tests.benchmarks.report import Figure
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.integration.conftest import Deployment

RUNS = 20
SMILE_TAKES_SECONDS = 0.2
FORM = "/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN"
#: As a deployment has it; the tests' own deployments look for what is due far more often.
AS_INSTALLED = {"DASHBOARD_SWEEP_EVERY": "1", "DASHBOARD_CHECK_WAITS": "2,5,10,20,40"}


def measure(folder: Path) -> list[Figure]:
    with deployed(folder, "sandbox", "web", "worker", **AS_INSTALLED) as deployment, sync_playwright() as playwright:
        fault = {"path": "/v1/*", "mode": "delay", "delay_seconds": SMILE_TAKES_SECONDS}
        deployment.sandbox("POST", "/_sandbox/faults", json=fault)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # The pages' policy would not let the watching function in.
        context = browser.new_context(base_url=deployment.web_url, bypass_csp=True)
        context.add_cookies(_cookies(deployment))
        page = context.new_page()
        seconds = [_press_until_verdict(page) for _ in range(RUNS + 1)][1:]  # the first one fills the caches
        browser.close()
    details = f"{RUNS} runs, median {median(seconds):.2f} s, slowest {max(seconds):.2f} s"
    p95 = quantiles(seconds, n=20, method="inclusive")[-1]
    return [Figure("press of Run to the verdict on screen, p95", p95, "s", 2.0, is_at_least=False, details=details)]


def _cookies(deployment: Deployment) -> list[dict[str, str]]:
    jar = deployment.staff().http.cookies
    return [{"name": each.name, "value": each.value or "", "url": deployment.web_url} for each in jar]


def _press_until_verdict(page: Page) -> float:
    page.goto(FORM)
    page.locator("#id_number").fill("00000000000")
    button = page.get_by_role("button", name="Run in the sandbox")
    expect(button).to_be_visible()
    began = monotonic()
    button.click(no_wait_after=True)
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"), wait_until="commit")
    # Looks at every frame; `expect` would look once in a while.
    page.wait_for_function("document.querySelector('.verdict-approved')")
    return monotonic() - began
