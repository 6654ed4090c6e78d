"""From the settings to the verdict on v3: every product that has it, each settling on its page without a reload."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from dashboard.jobs.products import FACTS, Product
from tests.browser.conftest import OpenWindow
from tests.browser.new_job import choose, picture, picture_field, run
from tests.browser.test_every_page import check_page

FRAMES = [picture(seed) for seed in range(10, 16)]
NUMBER = "Bank Verification Number"


@dataclass(frozen=True)
class Story:
    """What is chosen, the test person by what Smile decides, and the outcome that the page has to show."""

    country: str
    id_type: str
    person: str
    outcome: str
    user_id: str = ""


NOBODY = "rejected: identifier not found"
STORIES = {
    Product.ENHANCED_KYC: Story("Nigeria", NUMBER, NOBODY, "Rejected"),
    Product.BIOMETRIC_KYC: Story("Nigeria", NUMBER, "approved", "Approved"),
    Product.DOCUMENT_VERIFICATION: Story("Ghana", "Passport", "attention: document expired", "Attention"),
    Product.ENHANCED_DOCUMENT_VERIFICATION: Story("Ghana", "Passport", "error: invalid id number", "Error"),
    Product.SMARTSELFIE_REGISTRATION: Story("", "", "approved", "Approved", "cust-v3"),
    Product.SMARTSELFIE_AUTHENTICATION: Story("", "", "rejected: face verification failed", "Rejected", "cust-v3"),
}


def test_every_product_of_v3_goes_from_its_form_to_its_outcome(open_window: OpenWindow) -> None:
    assert set(STORIES) == {product for product, facts in FACTS.items() if facts.v3}
    page = open_window("/settings/smile-api", member="ada")
    switch_to_v3(page)

    page.goto("/jobs/new")
    keep_what_is_typed(page)
    for product, story in STORIES.items():
        page.goto("/jobs/new")
        fill_in(page, product, story)
        run(page)
        expect(page.locator(".verdict .outcome")).to_have_text(re.compile(rf"^\s*{story.outcome}\s*$"))
        expect(page.locator(".verdict-sentence")).not_to_be_empty()
        assert page.evaluate("window.sinceTheJobWasMade"), f"{product}: the page was loaded again"

    page.goto("/jobs?api=v3")
    expect(page.locator("tr:has(.row-link)")).to_have_count(len(STORIES))


def switch_to_v3(page: Page) -> None:
    """All at once, which is refused until the address of the privacy policy is there."""
    for product in STORIES:
        page.get_by_role("group", name=FACTS[product].name, exact=True).get_by_label("v3").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#policy_url-error")).to_be_visible()
    check_page(page)
    page.get_by_label("Address of your privacy policy").fill("https://kora.example/privacy")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. New jobs and links are made with these.")).to_be_visible()


def keep_what_is_typed(page: Page) -> None:
    """Over a product that does not ask for it; but the consent was to something else."""
    choose(page, "Enhanced KYC", "Nigeria", NUMBER)
    press_test_person(page, NOBODY)
    page.get_by_label("The customer has read").check()
    check_page(page)
    choose(page, "Basic KYC")
    expect(page.get_by_label("First name")).to_have_value("Fatima Bello")
    expect(page.get_by_label("E-mail address")).to_have_count(0)
    choose(page, "Enhanced KYC")
    expect(page.get_by_label("E-mail address")).to_have_value("fatima.ghostwell@example.com")
    expect(page.get_by_label("The customer has read")).not_to_be_checked()


def fill_in(page: Page, product: Product, story: Story) -> None:
    choose(page, FACTS[product].name, story.country, story.id_type)
    press_test_person(page, story.person)
    page.get_by_label("The customer has read").check()
    if story.user_id:
        if not FACTS[product].needs_enrolled_user:
            page.get_by_text("Your own ids").click()
        page.locator("#user_id").fill(story.user_id)
    if FACTS[product].images:
        picture_field(page, "Selfie").set_input_files(picture(1))
        picture_field(page, "Liveness images").set_input_files(FRAMES)
    if "id_front" in FACTS[product].images:
        picture_field(page, "Front of the document").set_input_files(picture(2))


def press_test_person(page: Page, leads_to: str) -> None:
    page.get_by_role("group", name="Test people").get_by_role("button", name=leads_to, exact=True).click()
    expect(page.locator("#email")).not_to_have_value("")
