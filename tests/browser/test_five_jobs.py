"""From the door to the verdict: five products, each settling on its page and in the list without a reload."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.jobs.products import Product
from tests.browser.conftest import OpenWindow, Pause
from tests.browser.layout import moves, watch_for_moves
from tests.browser.new_job import (
    choose,
    expect_settled,
    picture,
    picture_field,
    press_test_number,
    run,
    wait_until_provisional,
)
from tests.factories.jobs import make_job
from tests.factories.team import PASSWORD, make_member
from tests.integration.conftest import Deployment


def test_ben_signs_in_and_finds_an_empty_list_that_says_what_to_do(
    shared_deployment: Deployment, open_window: OpenWindow
) -> None:
    make_member(shared_deployment.database, "ben")
    page = open_window("/", member=None)

    page.get_by_label("E-mail address").fill("ben@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Jobs").click()

    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page.get_by_role("link", name="Create the first job").click()
    expect(page.get_by_role("heading", name="New job")).to_be_visible()


def test_a_biometric_kyc_with_two_pictures_is_approved(open_window: OpenWindow, paused_worker: Pause) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", "Bank Verification Number")
    page.get_by_label("Bank Verification Number").fill("00000000000")
    picture_field(page, "Selfie").set_input_files(picture(1))
    picture_field(page, "Liveness frames").set_input_files(picture(2))

    with paused_worker():
        run(page)
        expect_settled(page, "Queued", "Waiting to be sent to Smile.")

    expect_settled(page, "Approved", "The face matches the authority's photo.")
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Callback, valid.")


def test_an_enhanced_kyc_needs_one_press_for_its_test_number(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Enhanced KYC", "Nigeria", "Bank Verification Number")
    press_test_number(page, "not found")
    expect(page.get_by_label("Bank Verification Number")).to_have_value("00000000001")

    run(page)

    expect_settled(page, "Rejected", "The authority has nobody on record under this number.")


def test_a_business_verification_is_approved(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Business Verification", "Nigeria", "Business Registration")
    press_test_number(page, "succeeds")
    page.get_by_label("Type of business").select_option(index=1)

    run(page)

    expect_settled(page, "Approved", "The company is registered.")


def test_a_document_verification_is_rejected_when_that_is_wished(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Document Verification", "Ghana", "Passport")
    picture_field(page, "Selfie").set_input_files(picture(3))
    picture_field(page, "Front of the document").set_input_files(picture(4))
    page.get_by_label("Desired result").select_option("Rejected")

    run(page)

    expect_settled(
        page, "Rejected", "The document failed the check of its security features. The document looks tampered with."
    )


@pytest.mark.usefixtures("slow_review")
def test_a_provisional_job_turns_final_on_its_page_and_in_the_list_of_another_window(
    shared_deployment: Deployment, open_window: OpenWindow, paused_worker: Pause
) -> None:
    make_job(shared_deployment.database, shared_deployment.settings(), Product.BASIC_KYC, state="done")
    page = open_window("/jobs/new")
    list_before = open_window("/jobs")  # An empty list takes in what is new at once; this one tells of it.
    watch_for_moves(list_before)
    choose_biometric_in_kenya(page, "cust-provisional")
    page.get_by_label("Desired result").select_option("Provisional, then final")

    with paused_worker():
        run(page)
        list_after = open_window("/jobs")
        list_after.evaluate("window.opened = true")
        watch_for_moves(list_after)
        row = list_after.get_by_role("row", name="cust-provisional")
        expect(row).to_contain_text("Queued")

    wait_until_provisional(shared_deployment, page)
    with paused_worker():
        expect_settled(page, "Provisional", "The first check passed, but a person at Smile has yet to review it.")
        expect(row).to_contain_text("Provisional")
    expect_settled(page, "Approved", "The face matches the authority's photo.")
    expect(row).to_contain_text("Approved")
    assert list_after.evaluate("window.opened"), "the list was loaded again"
    expect(list_before.get_by_role("row", name="cust-provisional")).to_have_count(0)
    news = list_before.get_by_role("link", name="1 new job - show")
    expect(news).to_be_visible()
    assert (moves(list_before), moves(list_after)) == ([], [])
    news.click()
    expect(list_before.get_by_role("row", name="cust-provisional")).to_be_visible()


def choose_biometric_in_kenya(page: Page, reference: str) -> None:
    choose(page, "Biometric KYC", "Kenya", "National ID")
    press_test_number(page, "succeeds")
    page.get_by_label("Customer reference").fill(reference)
    picture_field(page, "Selfie").set_input_files(picture(5))
