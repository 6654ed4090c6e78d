"""Staff's pages of links: accessible in both themes, nothing sideways on a phone, light, and what they do by script."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from dashboard.db import utc_now
from dashboard.jobs.products import Product
from tests.browser.conftest import OpenWindow
from tests.browser.new_job import reveal
from tests.browser.test_every_page import LATER_VISIT_KB, check_page, measured_kilobytes
from tests.factories.links import make_link
from tests.integration.conftest import Deployment

FORMS = (
    "/links/new",
    "/links/new?product=enhanced_kyc&country=NG",
    "/links/new?product=customer_chooses",
    "/links/new?product=smartselfie_authentication",
    "/links/new?kind=smile",
)


def make_in_window(page: Page) -> None:
    """An Enhanced KYC by NIN, with every field of the form used."""
    page.locator("#product-enhanced_kyc").check()
    page.locator("#country").select_option("NG")
    page.locator("#id_type").select_option("NIN")
    page.get_by_label("Customer reference").fill("cust-1")
    page.locator("aside").get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", name="Give the customer this link")).to_be_visible()


def test_list_without_links_and_without_matches(open_window: OpenWindow) -> None:
    page = open_window("/links")
    expect(page.get_by_role("heading", name="No links yet")).to_be_visible()
    check_page(page)

    page.goto("/links?q=nothing-like-this")
    check_page(page)


def test_list_of_links_with_long_names_and_one_that_is_not_finished(
    open_window: OpenWindow, shared_deployment: Deployment
) -> None:
    hours_ago = utc_now() - timedelta(hours=3)
    make_link(
        shared_deployment.database,
        shared_deployment.settings(),
        product=Product.ENHANCED_DOCUMENT_VERIFICATION,
        country="NG",
        customer_reference="customer-" + "1234567890" * 4,
        row={"created_at": hours_ago, "opened_at": hours_ago},
    )
    page = open_window("/links?stage=stalled")
    expect(page.get_by_text("not finished", exact=True)).to_be_visible()

    check_page(page)


@pytest.mark.parametrize("address", FORMS)
def test_form_at_each_step(open_window: OpenWindow, address: str) -> None:
    page = open_window(address)

    check_page(page)


def test_form_with_errors(open_window: OpenWindow) -> None:
    page = open_window("/links/new?product=enhanced_kyc")
    page.get_by_label("Uses").fill("0")

    page.locator("aside").get_by_role("button", name="Make the link").click()

    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page)


def test_what_is_handed_over_is_copied_and_printed(open_window: OpenWindow) -> None:
    page = open_window("/links/new", permissions=["clipboard-read", "clipboard-write"])
    make_in_window(page)
    address = page.locator(".share-address").inner_text().strip()
    check_page(page)

    page.get_by_role("button", name="Copy the address").click()
    assert page.evaluate("navigator.clipboard.readText()") == address
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print for the desk").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator(".poster")).to_be_visible()
    expect(page.locator(".share")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    page.emulate_media(media="screen")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="PNG").click()
    assert downloading.value.suggested_filename == "link.png"

    page.reload()
    assert address not in page.content()


def test_list_and_link_with_everything(shared_deployment: Deployment, open_window: OpenWindow) -> None:
    nin = {"product": Product.ENHANCED_KYC, "country": "NG", "id_type": "NIN", "prefill": {"id_number": "00000000000"}}
    link, _ = make_link(shared_deployment.database, shared_deployment.settings(), customer_reference="cust-2", **nin)
    page = open_window("/links")
    check_page(page)
    page.get_by_role("link", name="cust-2").click()
    reveal(page, "Reveal the details")
    expect(page.get_by_role("definition").filter(has_text="00000000000")).to_be_visible()
    page.get_by_text("Revoke for good").click()
    check_page(page)

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-stage]")).to_have_attribute("data-stage", "paused")
    check_page(page)
    assert str(link.id) in page.url


def test_preview_follows_the_form(open_window: OpenWindow) -> None:
    page = open_window("/links/new?product=enhanced_kyc&country=NG")
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", level=1)).to_contain_text("asks you to confirm who you are")

    page.get_by_label("Language").select_option("fr")

    expect(preview.locator("html")).to_have_attribute("lang", "fr")


def test_smile_link_from_the_form_to_its_counters(open_window: OpenWindow) -> None:
    page = open_window("/links/new?kind=smile")
    page.get_by_label("Checked by").select_option("Biometric KYC")
    page.get_by_label("Country").select_option("NG")
    page.locator("#id_type").select_option("BVN")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".offered")).to_contain_text("BVN")
    page.locator("aside").get_by_role("button", name="Make the link").click()

    expect(page.get_by_role("heading", name="Counted by Smile")).to_be_visible()
    expect(page.get_by_text(re.compile("Read from Smile"))).to_be_visible()
    check_page(page)


@pytest.mark.parametrize("address", ["/tokens/new", "/tokens/v3/new"])
def test_web_token_counts_down(open_window: OpenWindow, address: str) -> None:
    page = open_window(address)
    check_page(page)
    page.get_by_label("Product").select_option("biometric_kyc")
    page.get_by_role("button", name="Issue a token").click()
    left = page.locator("[data-countdown]")
    expect(left).to_have_text(re.compile(r"^1[45] min \d+ s$"))
    before = left.inner_text()

    expect(left).not_to_have_text(before)
    check_page(page)


def test_settings_page(open_window: OpenWindow) -> None:
    page = open_window("/settings", member="ada")
    check_page(page)

    page.get_by_label("Company name").fill("")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page)


def test_later_visits_are_light(open_window: OpenWindow) -> None:
    page = open_window("/jobs")
    page.wait_for_load_state("networkidle")

    for address in ("/links", "/links/new", FORMS[1], "/tokens/new"):
        with measured_kilobytes(page) as received:
            page.goto(address, wait_until="networkidle")
        print(f"{sum(received):6.1f} KB {address}")
        assert sum(received) <= LATER_VISIT_KB
