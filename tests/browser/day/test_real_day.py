"""A working day in a real Chromium: an operator's desktop and phone in turn, and a customer's phone.

`make day` walks it for DAY_MINUTES, half an hour by itself. Nothing is loaded again and no address is typed: there is
a way on from everywhere, and a filter that was set is there again on the way back.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import OpenWindow
from tests.browser.links.conftest import OpenPhone, chromium_with_camera, open_phone, press_start
from tests.browser.links.test_journeys import enter_number
from tests.browser.new_job import choose, run
from tests.browser.sandbox.conftest import hosted, picture_file, press
from tests.browser.test_callbacks import send
from tests.integration.conftest import Deployment

__all__ = ["chromium_with_camera", "open_phone", "picture_file"]  # fixtures

MINUTES = float(os.environ.get("DAY_MINUTES", "30"))
SECONDS_TO_READ = 2.0
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
NUMBER, RIGHT, WRONG = "Bank Verification Number", "00000000000", "0000000"


@dataclass
class Desk:
    """One window of the operator's, which is opened once and then only pressed."""

    page: Page
    is_phone: bool
    dead_ends: list[str] = field(default_factory=list)

    def note(self, answer: Response) -> None:
        if answer.status >= 400 and answer.request.is_navigation_request() and answer.status != 422:
            self.dead_ends.append(f"{answer.status} {answer.url}")

    def read(self) -> None:
        self.page.wait_for_timeout(SECONDS_TO_READ * 1000)
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    def go_to(self, place: str) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place, exact=True).click()
        expect(self.page.get_by_role("heading", level=1, name=place)).to_be_visible()
        self.read()

    def show_filters(self) -> None:
        if self.is_phone:
            self.page.locator(".filters-fold").click()

    def expect_row(self, text: str, says: str) -> None:
        expect(self.page.get_by_role("row").filter(has_text=text).first).to_contain_text(says)

    def open_row(self, text: str) -> None:
        self.page.get_by_role("row").filter(has_text=text).first.get_by_role("link").first.click()
        self.read()


@pytest.fixture
def desks(open_window: OpenWindow) -> Iterator[list[Desk]]:
    found = [Desk(open_window("/jobs", viewport=size), size is PHONE) for size in (DESKTOP, PHONE)]
    for desk in found:
        desk.page.on("response", desk.note)
    yield found
    assert [each for desk in found for each in desk.dead_ends] == []


@pytest.mark.timeout(MINUTES * 60 + 300)
def test_a_day_has_no_dead_end_and_needs_no_reload(
    shared_deployment: Deployment, desks: list[Desk], open_phone: OpenPhone, picture_file: Path
) -> None:
    ends_at, rounds = monotonic() + MINUTES * 60, 0
    for number, desk in zip(count(1), cycle(desks), strict=False):
        reference = f"cust-day-{number}"
        job_id = create(desk, reference)
        find_it_again(desk, reference)
        correct_a_wrong_number(desk, f"{reference}-corrected")
        hand_over_a_link(desk, f"{reference}-link", open_phone, picture_file)
        look_into_a_refused_callback(desk, shared_deployment, job_id)
        rounds += 1
        if rounds >= len(desks) and monotonic() > ends_at:
            break

    print(f"rounds of the day: {rounds}")


def create(desk: Desk, reference: str) -> str:
    """A job, followed until it is settled. Its id at Smile."""
    begin_job(desk)
    desk.page.get_by_label(NUMBER).fill(RIGHT)
    desk.page.get_by_label("Customer reference").fill(reference)
    run(desk.page)
    expect_verdict(desk.page, "Approved")
    desk.read()
    named = desk.page.locator("h1 ~ .copyable, .page-head .copyable").first.inner_text()
    return named.strip()


def begin_job(desk: Desk) -> None:
    """From wherever one is; the second time the form knows what was chosen."""
    desk.page.get_by_role("link", name="New job", exact=True).click()
    expect(desk.page.get_by_role("heading", name="New job")).to_be_visible()
    if not desk.page.locator("details.is-decided").count():
        choose(desk.page, "Enhanced KYC", "Nigeria", NUMBER)
    desk.read()


def expect_verdict(page: Page, outcome: str) -> None:
    expect(page.locator(".verdict .outcome").first).to_have_text(re.compile(rf"^\s*{outcome}\s*$"))
    assert page.evaluate("window.sinceTheJobWasMade"), "the page was loaded again"


def find_it_again(desk: Desk, reference: str) -> None:
    """Found by the search, opened, and back by the crumb; then by a filter, and back by the browser."""
    page = desk.page
    desk.go_to("Jobs")
    desk.show_filters()
    search = page.locator("main input[type=search]")
    search.fill(reference)
    search.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q="))
    found = page.url
    assert reference not in found
    desk.open_row(reference)
    page.locator(".crumbs a").click()
    expect(page).to_have_url(found)
    expect(page.get_by_text("1 job", exact=True)).to_be_visible()

    desk.go_to("Jobs")
    desk.show_filters()
    page.locator("main select[name=outcome]").select_option("approved")
    expect(page).to_have_url(re.compile("outcome=approved"))
    filtered = page.url
    desk.open_row(reference)
    page.go_back()
    expect(page).to_have_url(filtered)
    desk.expect_row(reference, "Approved")


def correct_a_wrong_number(desk: Desk, reference: str) -> None:
    """The error stands beside the field, and nothing that was typed is lost."""
    page = desk.page
    begin_job(desk)
    page.get_by_label(NUMBER).fill(WRONG)
    page.get_by_label("Customer reference").fill(reference)
    page.get_by_role("button", name="Run in the sandbox").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#id_number-error")).to_contain_text("11 digits")
    expect(page.get_by_label("Customer reference")).to_have_value(reference)
    desk.read()
    page.get_by_label(NUMBER).fill(RIGHT)
    run(page)
    expect_verdict(page, "Approved")
    desk.read()


def hand_over_a_link(desk: Desk, reference: str, open_phone: OpenPhone, picture: Path) -> None:
    """The customer finishes on a phone, while the operator's page tells how far it is."""
    page = desk.page
    desk.go_to("Links")
    page.get_by_role("link", name="New link", exact=True).first.click()
    expect(page.get_by_role("heading", name="New link")).to_be_visible()
    if not page.locator("details.is-decided").count():
        page.locator("#product-enhanced_kyc").check()
        page.locator("#country").select_option("NG")
        page.locator("#id_type").select_option("NIN")
    page.get_by_label("Customer reference").fill(reference)
    page.locator("aside").get_by_role("button", name="Make the link").click()
    address = page.locator(".share-address").inner_text().strip()
    page.evaluate("window.marker = 'not reloaded'")
    desk.read()

    customer = open_phone(address)
    press_start(customer)
    enter_number(hosted(customer), picture)
    press(hosted(customer), "Finish")
    expect(customer.locator("h1")).to_contain_text(re.compile("Thank you|finished"))
    customer.context.close()

    expect(page.locator("[data-stage]")).to_have_attribute("data-stage", "result")
    assert page.evaluate("window.marker") == "not reloaded"
    expect(page.get_by_text("Open the job")).to_be_visible()
    desk.read()


def look_into_a_refused_callback(desk: Desk, deployment: Deployment, job_id: str) -> None:
    """Somebody signs with a key that is not ours; the page says why it was refused, and leads back to the list."""
    send(deployment, "a-key-of-somebody-else", job_id=job_id)
    page = desk.page
    desk.go_to("Callbacks")
    desk.show_filters()
    page.locator("main select[name=verdict]").select_option("wrong")
    expect(page).to_have_url(re.compile("verdict=wrong"))
    filtered = page.url
    page.locator("a.row-link").first.click()
    expect(page.locator(".verdict-sentence").first).to_contain_text("The signature does not match")
    desk.read()
    page.locator(".crumbs a").click()
    expect(page).to_have_url(filtered)
