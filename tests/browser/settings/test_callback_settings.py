"""Callbacks and keys in a browser: accessible in both themes, nothing sideways on a phone, a whole rotation by hand."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import LATER_VISIT_KB, check_page, measured_kilobytes

PAGE = "/settings/callbacks"


@pytest.fixture
def page(open_window: OpenWindow) -> Page:
    return open_window(PAGE, member="ada", permissions=["clipboard-read", "clipboard-write"])


def add_key(page: Page, value: str) -> None:
    page.get_by_label("Add a key").fill(value)
    page.get_by_role("button", name="Add the key").click()


def test_page_and_the_way_between_the_two(page: Page) -> None:
    expect(page.get_by_text("address is not reliable")).to_be_visible()
    expect(page.get_by_label("Addresses and networks")).to_be_disabled()
    check_page(page)

    page.get_by_role("navigation", name="Settings").get_by_role("link", name="What customers see").click()
    expect(page.get_by_label("Company name")).to_be_visible()
    check_page(page)


def test_address_is_copied(page: Page) -> None:
    page.get_by_role("button", name="Copy the address").click()

    assert page.evaluate("navigator.clipboard.readText()").endswith("/hooks/smile")


def test_test_callback_fills_in_its_steps_without_leaving_the_page(page: Page) -> None:
    page.evaluate("window.isSamePage = true")
    page.get_by_role("button", name="Send a test callback").click()

    expect(page.locator("#reach")).to_contain_text("The test callback arrived as it should.")
    expect(page.locator("#announcements")).to_have_text("The test callback arrived as it should.")
    expect(page.locator("#reach .proof")).to_have_css("list-style-type", "none")  # ticks in place of numbers
    assert page.evaluate("window.isSamePage")
    check_page(page)


def test_key_that_is_wrong_is_told_and_forgotten(page: Page) -> None:
    add_key(page, "short")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Add a key")).to_have_value("")
    check_page(page)


def test_rotation_by_hand(page: Page) -> None:
    add_key(page, "browser-api-key-0002")
    expect(page.get_by_role("status").filter(has_text="Key 2 was added")).to_be_visible()
    page.get_by_role("button", name="Sign with this one").click()
    page.locator("summary").filter(has_text="Retire").click()
    expect(page.get_by_role("button", name="Retire it, key 1")).to_be_visible()
    check_page(page)

    page.get_by_role("button", name="Retire it, key 1").click()

    expect(page.get_by_role("row", name="Key 1").get_by_text("Retired")).to_be_visible()
    expect(page.get_by_role("row", name="Key 2").get_by_text("Signs")).to_be_visible()
    check_page(page)


def test_later_visit_is_light(page: Page) -> None:
    page.goto("/jobs", wait_until="networkidle")

    with measured_kilobytes(page) as received:
        page.goto(PAGE, wait_until="networkidle")

    assert sum(received) <= LATER_VISIT_KB
