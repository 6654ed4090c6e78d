"""The box that finds everything, in a real Chromium: by keyboard alone, and without scripts."""

import re

from playwright.sync_api import Page, expect

from dashboard.jobs.products import Product
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import check_page
from tests.factories.jobs import make_job
from tests.integration.conftest import Deployment

ZURI = {"first_name": "Zuri", "last_name": "Wanjiku"}


def make_jobs(deployment: Deployment) -> None:
    done = {"state": "done", "outcome": "rejected", "country": "KE"}
    for reference in ("find-1", "find-2", "find-3"):
        asks = {"customer_reference": reference, "person": ZURI}
        make_job(deployment.database, deployment.settings(), Product.BASIC_KYC, asks=asks, **done)


def type_into_box(page: Page, text: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#find-anything")).to_be_focused()
    page.keyboard.type(text)


def test_everything_is_found_by_keyboard_alone(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    make_jobs(shared_deployment)
    page = open_window("/jobs")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    box = page.get_by_role("combobox", name="Find anything")
    options = page.get_by_role("listbox", name="Answers").get_by_role("option")

    type_into_box(page, "find-")
    expect(page.get_by_role("group", name="Jobs").get_by_role("option")).to_have_count(3)
    expect(page.locator("#announcements")).to_have_text("3 answers")
    check_page(page)
    type_into_box(page, "")  # On the phone of that check there is no box.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(options.nth(1).get_attribute("id")))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="find-3")).to_be_visible()

    type_into_box(page, "FIND 2")
    page.keyboard.press("Enter")  # before any answer
    expect(page.get_by_role("heading", name="find-2")).to_be_visible()

    type_into_box(page, "wanjiku zuri")
    expect(page.get_by_role("group", name="People with this name").get_by_role("option")).to_have_count(3)
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(options).to_have_count(0)
    expect(box).to_have_value("wanjiku zuri")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People with this name")).to_be_visible()
    check_page(page)

    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type("rejected basic kyc kenya purple")
    expect(options).to_have_text("Jobs: Rejected, Basic KYC, Kenya")
    expect(page.locator(".find-note")).to_have_text("Not understood as a filter: purple.")
    for _ in " purple":
        page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs\?outcome=rejected&product=basic_kyc&country=KE$"))
    expect(page.get_by_role("row")).to_have_count(4)
    type_into_box(page, "nothing like this")
    expect(page.get_by_text("Nothing found.")).to_be_visible()
    check_page(page)

    assert not [address for address in addresses if re.search("zuri|find-|FIND|nothing", address)]


def test_the_box_works_without_scripts_and_on_a_phone(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    make_jobs(shared_deployment)
    page = open_window("/jobs", java_script_enabled=False)

    page.get_by_label("Find anything").fill("wanjiku")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People with this name")).to_be_visible()
    expect(page).to_have_url(re.compile("/find$"))
    page.get_by_role("link", name="find-1").first.click()
    expect(page.get_by_role("heading", name="find-1")).to_be_visible()

    phone = open_window("/jobs", viewport={"width": 360, "height": 700})
    phone.get_by_role("link", name="Find", exact=True).click()
    phone.get_by_label("Find anything").fill("wanjiku")
    expect(phone.get_by_role("listbox", name="Answers").get_by_role("option").first).to_be_visible()
    check_page(phone)
