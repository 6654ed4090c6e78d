"""The form of a new job as a person works it: choose, fill in, look, run; and what the job's page then shows."""

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from playwright.sync_api import TimeoutError as WaitedTooLong

from tests.factories.images import make_jpeg
from tests.integration.conftest import Deployment


def picture(seed: int, name: str = "") -> FilePayload:
    return {"name": name or f"picture-{seed}.jpg", "mimeType": "image/jpeg", "buffer": make_jpeg(seed)}


def product_card(page: Page, product: str) -> Locator:
    return page.get_by_role("radio", name=re.compile(rf"^\s*{product}\b"))


def open_cards(page: Page) -> None:
    """The cards are one line once a product is chosen, as it is where the member made a job before."""
    if page.locator("details.is-decided:not([open])").count():
        page.get_by_text("Change", exact=True).click()


def choose(page: Page, product: str, country: str = "", id_type: str = "") -> None:
    open_cards(page)
    product_card(page, product).check()
    if country:
        page.get_by_label("Country").select_option(label=country)
    if id_type:
        page.get_by_label("ID type").select_option(label=id_type)
    expect(page.get_by_label("Customer reference")).to_be_visible()


def reveal(page: Page, button: str) -> None:
    """Nothing is shown before there is a reason."""
    page.get_by_label("Why are you looking?").select_option(label="The customer asked")
    page.get_by_role("button", name=button).click()


def press_test_number(page: Page, leads_to: str) -> None:
    page.get_by_role("group", name="Test numbers").get_by_role("button", name=leads_to).click()


def picture_field(page: Page, label: str) -> Locator:
    return page.locator("input[type=file]").and_(page.get_by_label(label))


def run(page: Page) -> None:
    """Presses the button; what the page that follows carries shows later that nobody loaded it again."""
    page.get_by_role("button", name="Run in the sandbox").click()
    try:
        page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    except WaitedTooLong:
        pytest.fail(f"no page of a job followed, but {page.url}: {page.locator('#content').inner_text()}")
    page.evaluate("window.sinceTheJobWasMade = true")


def expect_settled(page: Page, outcome: str, sentence: str) -> None:
    """The outcome came to the page by itself, without another page being loaded."""
    expect(page.locator(".verdict .outcome")).to_have_text(re.compile(rf"^\s*{outcome}\s*$"))
    expect(page.locator(".verdict-sentence")).to_have_text(sentence)
    assert page.evaluate("window.sinceTheJobWasMade"), "the page was loaded again"


def wait_until_provisional(deployment: Deployment, page: Page) -> None:
    """Not by looking at the page: it asks only every few seconds."""
    job_id = page.url.rpartition("/")[2]
    deployment.staff().wait_for(job_id, lambda job: job["outcome"] == "provisional")
