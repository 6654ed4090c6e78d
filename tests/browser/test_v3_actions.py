"""A finished job of v3 in a browser: what is confirmed and claimed, its webhook sent again, and a report of fraud."""

import re

from playwright.sync_api import Page, expect

from dashboard.app import create_app
from dashboard.jobs.models import Job
from tests.browser.conftest import OpenWindow
from tests.factories.v3 import make_v3_job, person
from tests.integration.conftest import Deployment

USER = "user-of-v3-actions"


def start_job(deployment: Deployment, first_name: str, last_name: str) -> Job:
    settings = deployment.settings()
    asks = {"person": person(first_name, last_name), "user_id": USER}
    with create_app(settings).app_context():
        return make_v3_job(deployment.database, settings, asks=asks)


def open_done(open_window: OpenWindow, job: Job, outcome: str) -> Page:
    page = open_window(f"/jobs/{job.id}")
    expect(page.locator("h2#verdict-heading")).to_contain_text(outcome, timeout=60_000)
    expect(page.locator(".evidence-claimed")).to_be_visible(timeout=60_000)
    return page


def test_evidence_replay_and_fraud(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    page = open_done(open_window, start_job(shared_deployment, "Taiwo Adeyemi", "Masquero"), "Rejected")
    expect(page.locator(".evidence-confirmed")).to_contain_text("Smile's status of the job")
    expect(page.locator(".evidence-claimed")).to_contain_text("Smile suspects a picture or a mask")

    page.get_by_role("button", name="Send webhook again").click()

    expect(page.locator(".flash")).to_contain_text("Smile sends the webhook again.")
    page.evaluate("window.isStillHere = true")
    expect(page.locator(".timeline li", has_text="Callback, valid.")).to_have_count(2, timeout=60_000)
    assert page.evaluate("window.isStillHere"), "the page was loaded again"
    page.locator(".timeline li", has_text="Callback, valid.").first.get_by_role("link", name="Open it").click()
    expect(page.locator(".proof")).to_contain_text("It is signed in its headers")
    page.go_back()

    page.get_by_role("link", name="Report fraud").click()
    page.get_by_role("button", name="Report to Smile").click()
    expect(page.locator(".error-summary")).to_contain_text("Choose why this is fraud.")
    page.get_by_label("Why is this fraud?").select_option("The person is made up")
    page.get_by_role("button", name="Report to Smile").click()
    expect(page.locator(".verdict")).to_contain_text("Reported as fraudulent by ben@example.com")

    blocked = open_done(open_window, start_job(shared_deployment, "Amina Fatou", "Clearwater"), "Rejected")
    expect(blocked.locator(".evidence-claimed")).to_contain_text("reported for fraud")
    blocked.get_by_role("link", name="Clear fraud").click()
    blocked.get_by_label("Why should the report be cleared?").fill("It was a mistake.")
    blocked.get_by_role("button", name="Clear it").click()
    expect(blocked.get_by_role("link", name="Report fraud")).to_be_visible()
    expect(blocked.locator(".timeline")).to_contain_text(re.compile("took back the report of fraud"))
