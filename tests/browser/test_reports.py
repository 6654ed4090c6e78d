"""A report by keyboard: from the navigation to another period, through a number to its jobs, and away as files."""

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from dashboard.db import utc_now
from dashboard.jobs.products import Product
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import check_page
from tests.factories.jobs import make_job
from tests.factories.rollups import fold_all
from tests.integration.conftest import Deployment

PNG = b"\x89PNG\r\n"


def make_jobs(deployment: Deployment) -> None:
    """In a country that no other test uses."""
    for outcome in ("approved", "approved", "rejected"):
        row = {"state": "done", "outcome": outcome, "country": "TG", "created_by": "ben@example.com"}
        make_job(deployment.database, deployment.settings(), Product.ENHANCED_KYC, **row)
    fold_all(deployment.database, utc_now())  # The worker may not have come to it yet.


def press(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def number_at(page: Page, row: str, place: int) -> str:
    return f"#report-groups tr:has(th:text-is('{row}')) td:nth-of-type({place}) a"


def test_a_number_of_a_report_leads_to_its_jobs(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    make_jobs(shared_deployment)
    page = open_window("/jobs", member="cleo")
    press(page, "Reports")
    expect(page.get_by_role("heading", name="Volume by product")).to_be_visible()
    expect(page.locator(".chart canvas")).to_be_visible()
    press(page, "Outcomes")
    press(page, "Today")
    expect(page.get_by_role("heading", name="Outcomes by hour")).to_be_visible()

    page.locator("select[name=country]").focus()
    page.keyboard.type("Togo")
    page.keyboard.press("Tab")

    expect(page).to_have_url(re.compile("country=TG"))
    expect(page.locator(".chart canvas")).to_have_count(1)
    expect(page.locator(number_at(page, "All", 1))).to_have_text("3")
    with page.expect_download() as image:
        page.get_by_role("button", name="Save PNG").press("Enter")
    assert image.value.suggested_filename == "outcomes.png"
    assert image.value.path().read_bytes().startswith(PNG)
    with page.expect_download() as file:
        page.get_by_role("link", name="CSV by product").press("Enter")
    assert '"Enhanced KYC","3","2","1"' in file.value.path().read_text(encoding="utf-8-sig")
    check_page(page)
    page.locator(number_at(page, "Enhanced KYC", 2)).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 jobs", exact=True)).to_be_visible()
    expect(page.get_by_text("Shows only what was made from")).to_be_visible()
    check_page(page)


def test_exact_times_arrive_by_themselves_and_the_report_is_kept_as_a_view(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    row: dict[str, Any] = {"state": "done", "outcome": "approved", "country": "BJ"}
    row |= {"submitted_at": utc_now() - timedelta(hours=1)}
    row |= {"settled_at": row["submitted_at"] + timedelta(milliseconds=4712)}
    make_job(shared_deployment.database, shared_deployment.settings(), Product.ENHANCED_KYC, **row)
    fold_all(shared_deployment.database, utc_now())
    page = open_window("/reports?report=time&period=7d&by=country&country=BJ", member="ben")

    expect(page.get_by_text("half of 1 job took at most 4.712 s and 90 % at most 4.712 s")).to_be_visible(
        timeout=60_000
    )
    check_page(page)
    press(page, "Save view")
    page.get_by_label("Name").fill("Benin's times")
    page.keyboard.press("Enter")

    pinned = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Benin's times 1")
    expect(pinned).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("Exactly")).to_be_visible()


def test_without_javascript_a_report_is_its_tables(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    make_jobs(shared_deployment)
    page = open_window("/reports?report=outcomes&period=7d", java_script_enabled=False)

    page.locator("select[name=country]").select_option("TG")
    page.locator("select[name=by]").select_option("country")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("heading", name="Outcomes by day")).to_be_visible()
    expect(page.locator(".chart")).to_be_hidden()
    page.locator(number_at(page, "Togo", 3)).click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()


def test_a_wrong_date_is_told_at_its_field(open_window: OpenWindow) -> None:
    page = open_window("/reports?since=2026-11-24&until=2026-11-01")

    expect(page.get_by_label("to", exact=True)).to_have_accessible_description(
        "Error: This is before the day that it begins with."
    )
    check_page(page)
