"""From a filter to a saved view and the overview, with the keyboard alone; then the pages as a machine sees them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.db import utc_now
from dashboard.jobs.models import JobState, Outcome
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import check_page
from tests.factories.rollups import add, job_at
from tests.integration.conftest import Deployment

VIEW = "Rejected in Kenya"
REJECTED: dict[str, Any] = {"state": JobState.DONE, "outcome": Outcome.REJECTED, "result_code": "1013"}


@pytest.fixture(scope="module", autouse=True)
def _jobs(shared_deployment: Deployment) -> None:
    yesterday = utc_now() - timedelta(days=1)
    add(
        shared_deployment.database,
        *(job_at(yesterday, country="KE", id_type="PASSPORT", **REJECTED) for _ in range(2)),
        job_at(yesterday, country="NG", id_type="BVN", **REJECTED),
        *(job_at(yesterday, state=JobState.FAILED, country="NG") for _ in range(3)),
    )


def choose_by_keys(page: Page, name: str, typed: str) -> None:
    page.locator(f"form.filters select[name={name}]").focus()
    page.keyboard.type(typed)
    page.keyboard.press("Tab")  # With the keyboard, a choice counts once its field is left.
    page.wait_for_url(re.compile(rf"[?&]{name}=\w+"))


def follow_by_keys(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("link", name=name).first.focus()
    page.keyboard.press("Enter")


def expect_rows(page: Page, count: int) -> None:
    expect(page.locator("tr:has(.row-link)")).to_have_count(count)
    expect(page.locator("[data-count]")).to_have_text(f"{count} job{'s' if count != 1 else ''}")


def test_two_filters_become_a_view_and_the_overview_leads_to_rows_by_keyboard_alone(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    page = open_window("/jobs")
    choose_by_keys(page, "outcome", "rej")
    choose_by_keys(page, "country", "Kenya")
    expect_rows(page, 2)

    follow_by_keys(page, "Save view")
    expect(page.get_by_role("heading", name="Save a view")).to_be_visible()
    page.get_by_label("Name").focus()
    page.keyboard.type(VIEW)
    page.keyboard.press("Enter")

    pinned = page.get_by_role("navigation", name="Saved views").get_by_role("link", name=f"{VIEW} 2")
    expect(pinned).to_have_attribute("aria-current", "page")
    expect_rows(page, 2)

    add(shared_deployment.database, job_at(utc_now(), country="KE", **REJECTED))
    pinned = page.get_by_role("navigation", name="Saved views").get_by_role("link", name=f"{VIEW} 3")
    expect(pinned).to_be_visible()  # It came with the poll of the list.

    follow_by_keys(page, "Overview")
    expect(page.get_by_role("heading", name="Needs somebody now")).to_be_visible()
    follow_by_keys(page, "3 failed")
    expect_rows(page, 3)

    follow_by_keys(page, f"{VIEW} 3")
    expect(page).to_have_url(re.compile(r"/jobs\?.*outcome=rejected.*view="))
    expect_rows(page, 3)


@pytest.mark.parametrize("path", ["/", "/views", "/views/new?list=jobs&outcome=rejected"])
def test_the_new_pages_are_accessible_and_fit_on_a_phone(open_window: OpenWindow, path: str) -> None:
    check_page(open_window(path, member="ada"))
